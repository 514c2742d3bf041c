"""The jobs queue's consumer over real stores: each report ends once, whatever messages come."""

import asyncio
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
from services.core.domain.report import Provenance, Report, Status
from services.core.domain.stored_report import Lease, PendingInference, StoredReport, seconds_now
from services.core.messaging.consumer import Message
from services.core.messaging.job_queue import JobQueue
from services.core.narrative.narrator import Narrator
from services.core.pipeline.cost import Prices
from services.core.pipeline.report_processor import ReportProcessor
from services.core.pipeline.wiring import Pipeline
from services.core.storage.image_store import ImageStore
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.storage.uploads import Uploads
from services.core.vision.async_endpoint import AsyncVisionEndpoint
from services.core.vision.endpoint import RealtimeVisionEndpoint
from services.core.vision.fallback_llm import FallbackLlm
from services.results.job_handler import LOST_AFTER_S, JobHandler
from services.results.jobs import MOST_ATTEMPTS, Jobs
from services.results.sweep import sweep
from tests.services.analyze.conftest import _Raw, observation
from tests.services.conftest import TABLE

BUCKET, REGION, ENDPOINT = "bucket", "ca-central-1", "blip2-endpoint"
ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
ANSWER = "answers/1.out"


@dataclass
class Shop:
    """A table, a bucket and a queue, and the consumer over them; model and LLM count their calls."""

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

    def take(
        self, lease: Lease | None = None, asked: PendingInference | None = None, age: timedelta = timedelta()
    ) -> None:
        """Accept a report of one photo, as the service leaves it when it dies."""
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
        self.reports.accept(StoredReport("alice", report, (picture,), lease=lease, asked=asked))

    def answers(self, body: bytes | None = None) -> None:
        """Let the endpoint's answer be there."""
        content = json.dumps(observation(1)).encode() if body is None else body
        self.s3.put_object(Bucket=BUCKET, Key=ANSWER, Body=content)

    def settle(self, *bodies: object, attempt: int = 2) -> list[str]:
        """Let the consumer work on one batch; returns the numbers of the messages that come again."""
        messages = [
            Message(str(number), "handle", body if isinstance(body, str) else json.dumps(body), attempt)
            for number, body in enumerate(bodies)
        ]
        return asyncio.run(self._settle(messages))

    async def _settle(self, messages: list[Message]) -> list[str]:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self._llm))
        llm = AsyncOpenAI(api_key="k", base_url="http://llm/v1", http_client=http, max_retries=0)
        work = ReportProcessor(
            reports=self.reports,
            leases=self.leases,
            model=self._model(),
            narrator=Narrator(llm, "m", 5.0),
            prices=Prices(0.82, 0.1, 0.5),
            fallback_llm=self._bridge(llm),
        )
        built = Pipeline(
            ImageStore(self.s3, BUCKET, None),
            Uploads(self.s3, BUCKET, None),
            self.reports,
            self.leases,
            self.queue,
            work,
            llm,
        )
        jobs = Jobs(JobHandler(built), self.sqs, self.queue_url, self.dead_letters_url)
        again = await jobs.settle(messages)
        await llm.close()
        return again

    def _model(self) -> RealtimeVisionEndpoint | AsyncVisionEndpoint:
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

    def _bridge(self, llm: AsyncOpenAI) -> FallbackLlm | None:
        if self.fallback_llm is None:
            return None
        return FallbackLlm(llm, "eyes", usd_per_mtok_input=1.0, usd_per_mtok_output=2.0, within_s=5.0)

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


REMINDER = {"owner": "alice", "report": ID}
DEAD = Lease("dead", 1)


def asked(ago_s: int = 30, times: int = 1) -> PendingInference:
    return PendingInference(None, ANSWER, seconds_now() - ago_s, times)


def news(status: str = "Completed", reason: str | None = None, report_id: str = ID) -> dict[str, Any]:
    """What SageMaker publishes."""
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
    def test_a_report_whose_worker_died_is_finished(self, shop: Shop) -> None:
        shop.take(lease=DEAD)
        assert shop.settle(REMINDER) == []
        report = shop.report()
        assert report.status == Status.SUCCEEDED
        assert report.product is not None
        assert (shop.model_calls, shop.llm_calls) == (1, 1)

    def test_a_report_in_anothers_hands_comes_again(self, shop: Shop) -> None:
        shop.take(lease=Lease("alive", seconds_now() + 60))
        assert shop.settle(REMINDER) == ["0"]
        assert shop.model_calls == 0

    def test_the_same_message_twice_at_once_costs_one_report(self, shop: Shop) -> None:
        shop.take(lease=DEAD)
        assert len(shop.settle(REMINDER, REMINDER, REMINDER)) == 2
        assert shop.settle(REMINDER, REMINDER) == []
        assert (shop.model_calls, shop.llm_calls) == (1, 1)

    def test_an_erased_report_is_none(self, shop: Shop) -> None:
        assert shop.settle(REMINDER) == []
        assert shop.model_calls == 0

    def test_a_report_that_is_erased_while_it_is_worded_does_not_come_back(self, shop: Shop) -> None:
        shop.take(lease=DEAD)
        shop.during_llm = lambda: shop.reports.erase(shop.reports.get("alice", ID))
        assert shop.settle(REMINDER) == []
        assert shop.reports.page("alice", 5).reports == ()

    def test_a_model_that_is_away_leaves_the_report_waiting(self, shop: Shop) -> None:
        shop.take(lease=DEAD)
        shop.status = 503
        assert shop.settle(REMINDER) == ["0"]
        assert shop.report().status == Status.QUEUED
        shop.status = 200
        assert shop.settle(REMINDER) == []
        assert shop.report().status == Status.SUCCEEDED

    def test_a_message_that_came_often_is_left_to_the_sweep(self, shop: Shop) -> None:
        shop.take(lease=DEAD)
        shop.status = 503
        assert shop.settle(REMINDER, attempt=MOST_ATTEMPTS) == []
        assert sweep(shop.leases, shop.queue, idle_s=-60) == 1
        assert [json.loads(message["Body"]) for message in shop.waiting()] == [REMINDER]

    def test_a_model_that_refuses_ends_the_report(self, shop: Shop) -> None:
        shop.take(lease=DEAD)
        shop.status = 400
        assert shop.settle(REMINDER) == []
        failure = shop.report().failure
        assert failure is not None
        assert failure.code == "model_refused"

    def test_a_day_without_a_model_ends_the_report(self, shop: Shop) -> None:
        shop.take(lease=DEAD, age=timedelta(hours=25))
        shop.status = 503
        assert shop.settle(REMINDER) == []
        failure = shop.report().failure
        assert failure is not None
        assert (failure.code, "for a day" in failure.reason) == ("model_unavailable", True)

    def test_a_store_that_is_away_brings_the_message_again(self, shop: Shop) -> None:
        shop.dynamodb.delete_table(TableName=TABLE)
        assert shop.settle(REMINDER) == ["0"]


class TestAsync:
    @pytest.fixture(autouse=True)
    def _async(self, shop: Shop) -> None:
        shop.asynchronous = True

    def test_an_answer_ends_the_report_and_leaves_nothing(self, shop: Shop) -> None:
        shop.take(asked=asked())
        shop.answers()
        assert shop.settle(news()) == []
        report = shop.report()
        assert (report.status, report.timings_ms.model is not None) == (Status.SUCCEEDED, True)
        assert report.waiting is None
        keys = [item["Key"] for item in shop.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
        assert keys == [f"photos/alice/{ID}/1.jpg"]
        assert shop.model_calls == 0

    def test_the_news_twice_and_a_reminder_cost_one_report(self, shop: Shop) -> None:
        shop.take(asked=asked())
        shop.answers()
        shop.settle(news(), news(), REMINDER)
        assert shop.settle(news(), REMINDER) == []
        assert shop.llm_calls == 1

    def test_lost_news_is_made_up_for_by_a_reminder(self, shop: Shop) -> None:
        shop.take(asked=asked())
        shop.answers()
        assert shop.settle(REMINDER) == []
        assert shop.report().status == Status.SUCCEEDED

    def test_an_endpoint_that_still_works_is_not_asked_again(self, shop: Shop) -> None:
        shop.take(asked=asked())
        assert shop.settle(REMINDER) == []
        assert (shop.report().status, shop.model_calls) == (Status.RUNNING, 0)

    def test_a_report_that_nobody_asked_about_is_asked_about(self, shop: Shop) -> None:
        shop.take(lease=DEAD)
        assert shop.settle(REMINDER) == []
        stored = shop.reports.get("alice", ID)
        assert stored.asked is not None
        assert (stored.asked.output_key, stored.lease, shop.model_calls) == (ANSWER, None, 1)

    def test_a_question_that_sagemaker_forgot_is_asked_again(self, shop: Shop) -> None:
        shop.take(asked=asked(ago_s=LOST_AFTER_S + 1))
        assert shop.settle(REMINDER) == []
        stored = shop.reports.get("alice", ID)
        assert stored.asked is not None
        assert stored.asked.attempt == 2

    def test_a_failure_of_the_container_is_tried_three_times(self, shop: Shop) -> None:
        failed = news("Failed", 'ClientError: Received server error (500) from primary with message "x"')
        shop.take(asked=asked())
        for _ in range(2):
            assert shop.settle(failed) == []
        assert shop.report().status == Status.RUNNING
        assert shop.settle(failed) == []
        failure = shop.report().failure
        assert failure is not None
        assert failure.code == "model_unavailable"
        assert shop.model_calls == 2

    def test_a_refusal_of_the_container_ends_the_report_without_its_words(self, shop: Shop) -> None:
        shop.take(asked=asked())
        reason = 'ClientError: Received client error (400) from primary with message "secret"'
        assert shop.settle(news("Failed", reason)) == []
        failure = shop.report().failure
        assert failure is not None
        assert (failure.code, "secret" in failure.reason) == ("model_refused", False)

    def test_nonsense_ends_the_report(self, shop: Shop) -> None:
        shop.take(asked=asked())
        shop.answers(b'{"answers": []}')
        assert shop.settle(news()) == []
        failure = shop.report().failure
        assert failure is not None
        assert failure.code == "model_answer_invalid"
        assert shop.report().waiting is None

    def test_a_late_answer_of_an_erased_report_is_deleted(self, shop: Shop) -> None:
        shop.answers()
        assert shop.settle(news(), attempt=1) == ["0"]
        assert shop.settle(news(), attempt=2) == []
        assert shop.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def sees(content: object) -> httpx2.Response:
    """What a vision LLM answers."""
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


class TestBridge:
    """A vision LLM that stands in while the endpoint sleeps or is away."""

    def test_it_answers_for_an_endpoint_that_still_sleeps(self, shop: Shop) -> None:
        shop.asynchronous, shop.fallback_llm = True, sees(MUG)
        shop.take(asked=asked())
        assert shop.settle(REMINDER) == []
        report = shop.report()
        assert report.product is not None
        assert (report.product.type, report.product.material) == ("mug", "ceramic")
        assert report.condition is not None
        assert [mark.tag for mark in report.condition.wear] == ["chip"]
        assert (report.model.bridge, report.model.artifact) == ("eyes", None)
        assert report.cost_usd == pytest.approx(0.0012)
        shop.answers()
        assert shop.settle(news()) == []
        assert shop.report() == report

    def test_it_answers_for_an_endpoint_that_is_away(self, shop: Shop) -> None:
        shop.status, shop.fallback_llm = 503, sees(MUG)
        shop.take(lease=DEAD)
        assert shop.settle(REMINDER) == []
        assert shop.report().model.bridge == "eyes"

    def test_the_endpoint_goes_before_it(self, shop: Shop) -> None:
        shop.asynchronous, shop.fallback_llm = True, sees(MUG)
        shop.take(asked=asked())
        shop.answers()
        assert shop.settle(REMINDER) == []
        assert shop.report().model.bridge is None

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(503),
            httpx2.Response(200, text="<html>"),
            httpx2.Response(200, json={"choices": []}),
            sees(MUG | {"type": {"answer": "spoon", "sure": "high"}}),
            sees(MUG | {"wear": []}),
            sees({}),
        ],
    )
    def test_what_it_says_outside_the_vocabulary_is_no_answer(
        self, shop: Shop, answer: httpx2.Response
    ) -> None:
        shop.asynchronous, shop.fallback_llm = True, answer
        shop.take(asked=asked())
        assert shop.settle(REMINDER) == ["0"]
        assert shop.reports.get("alice", ID).lease is None
        shop.fallback_llm = None
        shop.answers()
        assert shop.settle(news()) == []
        assert shop.report().status == Status.SUCCEEDED


@pytest.mark.parametrize("body", ["", "null", "[]", "not json", "{}", '{"owner": 1, "report": 2}'])
def test_a_message_that_says_nothing_is_set_aside_with_its_reason(shop: Shop, body: str) -> None:
    assert shop.settle(body or " ") == []
    (dead,) = shop.waiting(shop.dead_letters_url)
    assert "reminder" in dead["MessageAttributes"]["reason"]["StringValue"]


def test_the_sweep_finds_what_nobody_works_on_once(shop: Shop) -> None:
    shop.take(lease=replace(DEAD, until=seconds_now() + 60))
    assert sweep(shop.leases, shop.queue, idle_s=-60) == 0
    shop.reports.erase(shop.reports.get("alice", ID))
    shop.take(lease=DEAD)
    assert sweep(shop.leases, shop.queue) == 0
    assert sweep(shop.leases, shop.queue, idle_s=-60) == 1
