"""The jobs queue's consumer over stores: each report ends once, in any order of messages."""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import boto3
import httpx2
import pytest
from botocore.awsrequest import AWSResponse
from mypy_boto3_dynamodb.client import DynamoDBClient
from mypy_boto3_s3.client import S3Client
from mypy_boto3_sqs.client import SQSClient
from openai import AsyncOpenAI
from PIL import Image

from services.core.aws import PRESIGNING
from services.core.domain.observation import PendingInference
from services.core.domain.report import Provenance, Report, Status
from services.core.domain.stored_report import Lease, StoredPhoto, StoredReport, seconds_now
from services.core.messaging.consumer import Message
from services.core.messaging.job_queue import JobQueue
from services.core.narrative.narrator import Narrator
from services.core.pipeline.report_processor import Prices, ReportProcessor
from services.core.pipeline.wiring import Pipeline
from services.core.storage.image_store import ImageStore, Uploads
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.vision.endpoint import (
    LOST_AFTER_S,
    AsyncVisionEndpoint,
    RealtimeVisionEndpoint,
    VisionEndpoint,
)
from services.core.vision.fallback_llm import FallbackLlm
from services.results.job_handler import JobHandler
from services.results.jobs import MOST_ATTEMPTS, Jobs
from services.results.sweep import sweep
from tests.services.analyze.conftest import _Raw, observation
from tests.services.conftest import TABLE

BUCKET, REGION, ENDPOINT = "bucket", "ca-central-1", "blip2-endpoint"
ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
ANSWER = "answers/1.out"


@dataclass
class Shop:
    """A table, a bucket and a queue, and the consumer over them; it counts calls of model and LLM."""

    s3: S3Client
    dynamodb: DynamoDBClient
    sqs: SQSClient
    queue_url: str
    dead_letters_url: str
    status: int = 200
    model_calls: int = 0
    llm_calls: int = 0
    asynchronous: bool = False
    fallback_llm: httpx2.Response | None = None
    during_llm: Callable[[], None] = field(default=lambda: None)

    def __post_init__(self) -> None:
        self.reports = Reports(self.dynamodb, TABLE, quota_per_day=9)
        self.leases = Leases(self.dynamodb, TABLE)
        self.queue = JobQueue(self.sqs, self.queue_url)

    def accept(
        self,
        lease: Lease | None = None,
        pending: PendingInference | None = None,
        age: timedelta = timedelta(),
    ) -> None:
        """Accept a report of one photo, as a service that crashed leaves it."""
        out = BytesIO()
        Image.new("RGB", (640, 480), (90, 120, 160)).save(out, "JPEG")
        picture = f"photos/alice/{ID}/1.jpg"
        self.s3.put_object(Bucket=BUCKET, Key=picture, Body=out.getvalue())
        now = datetime.now(UTC) - age
        report = Report(
            id=ID,
            status=Status.QUEUED,
            language="en",
            model=Provenance(endpoint=ENDPOINT),
            created_at=now,
            expires_at=now + timedelta(days=30),
        )
        self.reports.accept(
            StoredReport("alice", report, (StoredPhoto(picture),), lease=lease, pending=pending)
        )

    def store_answer(self, body: bytes | None = None) -> None:
        """Store the endpoint's answer."""
        content = json.dumps(observation(1)).encode() if body is None else body
        self.s3.put_object(Bucket=BUCKET, Key=ANSWER, Body=content)

    def settle(self, *bodies: object, attempt: int = 2) -> list[str]:
        """Handle one batch; returns the numbers of the messages that stay in the queue."""
        messages = [
            Message(str(number), "handle", body if isinstance(body, str) else json.dumps(body), attempt)
            for number, body in enumerate(bodies)
        ]
        return asyncio.run(self._settle(messages))

    async def _settle(self, messages: list[Message]) -> list[str]:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self._llm))
        llm = AsyncOpenAI(api_key="k", base_url="http://llm/v1", http_client=http, max_retries=0)
        processor = ReportProcessor(
            reports=self.reports,
            leases=self.leases,
            endpoint=self._endpoint(),
            narrator=Narrator(llm, "m", 5.0),
            prices=Prices(0.82, 0.1, 0.5),
            fallback_llm=self._fallback(llm),
        )
        pipeline = Pipeline(
            ImageStore(self.s3, BUCKET, None),
            Uploads(self.s3, BUCKET, None),
            self.reports,
            self.leases,
            self.queue,
            processor,
            llm,
        )
        jobs = Jobs(JobHandler(pipeline), self.sqs, self.queue_url, self.dead_letters_url)
        unsettled = await jobs.settle(messages)
        await llm.close()
        return unsettled

    def _endpoint(self) -> VisionEndpoint:
        runtime = boto3.client("sagemaker-runtime", region_name=REGION)
        for operation in ("InvokeEndpoint", "InvokeEndpointAsync"):
            runtime.meta.events.register(f"before-send.sagemaker-runtime.{operation}", self._answer)
        if self.asynchronous:
            return AsyncVisionEndpoint(runtime, self.s3, endpoint=ENDPOINT, bucket=BUCKET, kms_key_id=None)
        return RealtimeVisionEndpoint(runtime, ENDPOINT)

    def _answer(self, request: Any, **_: object) -> Any:
        self.model_calls += 1
        headers: Any = {
            "content-type": "application/json",
            "x-amzn-sagemaker-outputlocation": f"s3://{BUCKET}/{ANSWER}",
        }
        return AWSResponse(request.url, self.status, headers, _Raw(json.dumps(observation(1)).encode()))

    def _fallback(self, llm: AsyncOpenAI) -> FallbackLlm | None:
        if self.fallback_llm is None:
            return None
        return FallbackLlm(llm, "eyes", usd_per_mtok_input=1.0, usd_per_mtok_output=2.0, timeout_s=5.0)

    def _llm(self, request: httpx2.Request) -> httpx2.Response:
        if self.fallback_llm is not None and json.loads(request.content)["model"] == "eyes":
            return self.fallback_llm
        self.llm_calls += 1
        self.during_llm()
        return httpx2.Response(503)

    def report(self) -> Report:
        return self.reports.get("alice", ID).report

    def waiting(self, url: str | None = None) -> list[Any]:
        found = self.sqs.receive_message(
            QueueUrl=url or self.queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(found.get("Messages", []))


@pytest.fixture
def shop(dynamodb: DynamoDBClient) -> Iterator[Shop]:
    s3: S3Client = boto3.client("s3", region_name=REGION, config=PRESIGNING)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    sqs: SQSClient = boto3.client("sqs", region_name=REGION)
    jobs, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("jobs", "dead"))
    yield Shop(s3, dynamodb, sqs, jobs, dead)


RESUME = {"owner": "alice", "report": ID}
ENDED = Lease("dead", 1)


def pending(ago_s: int = 30, attempt: int = 1) -> PendingInference:
    return PendingInference(None, ANSWER, seconds_now() - ago_s, attempt)


def result(status: str = "Completed", reason: str | None = None, report_id: str = ID) -> dict[str, Any]:
    """A message of SageMaker's topics."""
    return {
        "awsRegion": REGION,
        "eventName": "InferenceResult",
        "inferenceId": report_id,
        "invocationStatus": status,
        "requestParameters": {"endpointName": ENDPOINT},
        "responseParameters": {
            "contentType": "application/json",
            "outputLocation": f"s3://{BUCKET}/{ANSWER}",
        },
    } | ({"failureReason": reason} if reason else {})


class TestRealtime:
    def test_abandoned_report_is_finished(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        assert shop.settle(RESUME) == []
        report = shop.report()
        assert report.status == Status.SUCCEEDED
        assert report.product is not None
        assert (shop.model_calls, shop.llm_calls) == (1, 1)

    def test_leased_report_is_retried(self, shop: Shop) -> None:
        shop.accept(lease=Lease("alive", seconds_now() + 60))
        assert shop.settle(RESUME) == ["0"]
        assert shop.model_calls == 0

    def test_concurrent_messages_make_one_report(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        assert len(shop.settle(RESUME, RESUME, RESUME)) == 2
        assert shop.settle(RESUME, RESUME) == []
        assert (shop.model_calls, shop.llm_calls) == (1, 1)

    def test_erased_report_is_done(self, shop: Shop) -> None:
        assert shop.settle(RESUME) == []
        assert shop.model_calls == 0

    def test_report_erased_during_narration_stays_erased(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.during_llm = lambda: shop.reports.delete(shop.reports.get("alice", ID))
        assert shop.settle(RESUME) == []
        assert shop.reports.page("alice", 5).reports == ()

    def test_unavailable_model_leaves_report_queued(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.status = 503
        assert shop.settle(RESUME) == ["0"]
        assert shop.report().status == Status.QUEUED
        shop.status = 200
        assert shop.settle(RESUME) == []
        assert shop.report().status == Status.SUCCEEDED

    def test_last_attempt_is_left_to_sweep(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.status = 503
        assert shop.settle(RESUME, attempt=MOST_ATTEMPTS) == []
        assert sweep(shop.leases, shop.queue, idle_s=-60) == 1
        assert [json.loads(message["Body"]) for message in shop.waiting()] == [RESUME]

    def test_model_refusal_fails_report(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.status = 400
        assert shop.settle(RESUME) == []
        failure = shop.report().failure
        assert failure is not None
        assert failure.code == "model_refused"

    def test_report_fails_after_24_hours(self, shop: Shop) -> None:
        shop.accept(lease=ENDED, age=timedelta(hours=25))
        shop.status = 503
        assert shop.settle(RESUME) == []
        failure = shop.report().failure
        assert failure is not None
        assert (failure.code, "24 hours" in failure.reason) == ("model_unavailable", True)

    def test_store_failure_retries_message(self, shop: Shop) -> None:
        shop.dynamodb.delete_table(TableName=TABLE)
        assert shop.settle(RESUME) == ["0"]


class TestAsync:
    @pytest.fixture(autouse=True)
    def _async(self, shop: Shop) -> None:
        shop.asynchronous = True

    def test_result_ends_report_and_is_deleted(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        shop.store_answer()
        assert shop.settle(result()) == []
        report = shop.report()
        assert (report.status, report.timings_ms.model is not None) == (Status.SUCCEEDED, True)
        assert report.waiting is None
        keys = [item["Key"] for item in shop.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
        assert keys == [f"photos/alice/{ID}/1.jpg"]
        assert shop.model_calls == 0

    def test_repeated_results_make_one_report(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        shop.store_answer()
        shop.settle(result(), result(), RESUME)
        assert shop.settle(result(), RESUME) == []
        assert shop.llm_calls == 1

    def test_resume_replaces_lost_result(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        shop.store_answer()
        assert shop.settle(RESUME) == []
        assert shop.report().status == Status.SUCCEEDED

    def test_working_endpoint_is_not_asked_again(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        assert shop.settle(RESUME) == []
        assert (shop.report().status, shop.model_calls) == (Status.RUNNING, 0)

    def test_unasked_report_is_sent(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        assert shop.settle(RESUME) == []
        stored = shop.reports.get("alice", ID)
        assert stored.pending is not None
        assert (stored.pending.output_key, stored.lease, shop.model_calls) == (ANSWER, None, 1)

    def test_lost_inference_is_sent_again(self, shop: Shop) -> None:
        shop.accept(pending=pending(ago_s=LOST_AFTER_S + 1))
        assert shop.settle(RESUME) == []
        stored = shop.reports.get("alice", ID)
        assert stored.pending is not None
        assert stored.pending.attempt == 2

    def test_container_failure_is_tried_three_times(self, shop: Shop) -> None:
        failed = result("Failed", 'ClientError: Received server error (500) from primary with message "x"')
        shop.accept(pending=pending())
        for _ in range(2):
            assert shop.settle(failed) == []
        assert shop.report().status == Status.RUNNING
        assert shop.settle(failed) == []
        failure = shop.report().failure
        assert failure is not None
        assert failure.code == "model_unavailable"
        assert shop.model_calls == 2

    def test_container_refusal_fails_without_message(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        reason = 'ClientError: Received client error (400) from primary with message "secret"'
        assert shop.settle(result("Failed", reason)) == []
        failure = shop.report().failure
        assert failure is not None
        assert (failure.code, "secret" in failure.reason) == ("model_refused", False)

    def test_invalid_answer_fails_report(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        shop.store_answer(b'{"answers": []}')
        assert shop.settle(result()) == []
        failure = shop.report().failure
        assert failure is not None
        assert failure.code == "model_answer_invalid"
        assert shop.report().waiting is None

    def test_answer_of_erased_report_is_deleted(self, shop: Shop) -> None:
        shop.store_answer()
        assert shop.settle(result(), attempt=1) == ["0"]
        assert shop.settle(result(), attempt=2) == []
        assert shop.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def seen_by_llm(content: object) -> httpx2.Response:
    """A vision LLM's answer."""
    message = {"role": "assistant", "content": json.dumps(content)}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    return httpx2.Response(
        200, json={"id": "b", "object": "chat.completion", "choices": choices, "usage": usage}
    )


MUG = {
    "type": {"answer": "mug", "sure": "high"},
    "material": {"answer": "ceramic", "sure": "medium"},
    "wear": [[{"answer": "chip", "sure": "high"}, {"answer": "crack", "sure": "low"}]],
    "caption": "a mug",
}


class TestFallback:
    """The fallback LLM, while the endpoint sleeps or is unavailable."""

    def test_fallback_replaces_sleeping_endpoint(self, shop: Shop) -> None:
        shop.asynchronous, shop.fallback_llm = True, seen_by_llm(MUG)
        shop.accept(pending=pending())
        assert shop.settle(RESUME) == []
        report = shop.report()
        assert report.product is not None
        assert (report.product.type, report.product.material) == ("mug", "ceramic")
        assert report.condition is not None
        assert [mark.tag for mark in report.condition.wear] == ["chip"]
        assert (report.model.bridge, report.model.artifact) == ("eyes", None)
        assert report.cost_usd == pytest.approx(0.0012)
        shop.store_answer()
        assert shop.settle(result()) == []
        assert shop.report() == report

    def test_fallback_replaces_unavailable_endpoint(self, shop: Shop) -> None:
        shop.status, shop.fallback_llm = 503, seen_by_llm(MUG)
        shop.accept(lease=ENDED)
        assert shop.settle(RESUME) == []
        assert shop.report().model.bridge == "eyes"

    @pytest.mark.parametrize("tokens", [10**400, -(10**9), "many", True, None, [1]], ids=str)
    def test_implausible_tokens_cost_nothing_known(self, shop: Shop, tokens: object) -> None:
        answer = json.loads(seen_by_llm(MUG | {"caption": "a mug\x00" * 9_000}).content)
        answer["usage"] = {"prompt_tokens": tokens, "completion_tokens": 100}
        shop.status, shop.fallback_llm = 503, httpx2.Response(200, text=json.dumps(answer))
        shop.accept(lease=ENDED)
        assert shop.settle(RESUME) == []
        report = shop.report()
        assert (report.status, report.cost_usd, report.caption) == (Status.SUCCEEDED, None, None)

    def test_endpoint_answer_has_precedence(self, shop: Shop) -> None:
        shop.asynchronous, shop.fallback_llm = True, seen_by_llm(MUG)
        shop.accept(pending=pending())
        shop.store_answer()
        assert shop.settle(RESUME) == []
        assert shop.report().model.bridge is None

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(503),
            httpx2.Response(200, text="<html>"),
            httpx2.Response(200, json={"choices": []}),
            seen_by_llm(MUG | {"type": {"answer": "spoon", "sure": "high"}}),
            seen_by_llm(MUG | {"wear": []}),
            seen_by_llm({}),
            seen_by_llm(MUG | {"wear": [[{"answer": "chip", "sure": "high"}] * 100_000]}),
            httpx2.Response(200, text="[" * 500_000),
            httpx2.Response(200, content=b" " * 5_000_000),
            httpx2.Response(200, json=[]),
            httpx2.Response(200, json={"choices": [{"finish_reason": "stop", "message": None}]}),
        ],
        ids=itertools.count(),
    )
    def test_invalid_fallback_answer_is_retried(self, shop: Shop, answer: httpx2.Response) -> None:
        shop.asynchronous, shop.fallback_llm = True, answer
        shop.accept(pending=pending())
        assert shop.settle(RESUME) == ["0"]
        assert shop.reports.get("alice", ID).lease is None
        shop.fallback_llm = None
        shop.store_answer()
        assert shop.settle(result()) == []
        assert shop.report().status == Status.SUCCEEDED


@pytest.mark.parametrize("body", ["", "null", "[]", "not json", "{}", '{"owner": 1, "report": 2}'])
def test_unreadable_message_is_dead_lettered(shop: Shop, body: str) -> None:
    assert shop.settle(body or " ") == []
    (dead,) = shop.waiting(shop.dead_letters_url)
    assert "name of a report" in dead["MessageAttributes"]["reason"]["StringValue"]


def test_sweep_sends_each_idle_report_once(shop: Shop) -> None:
    shop.accept(lease=replace(ENDED, until=seconds_now() + 60))
    assert sweep(shop.leases, shop.queue, idle_s=-60) == 0
    shop.reports.delete(shop.reports.get("alice", ID))
    shop.accept(lease=ENDED)
    assert sweep(shop.leases, shop.queue) == 0
    assert sweep(shop.leases, shop.queue, idle_s=-60) == 1
