"""Reports in stores of moto's, and the jobs queue's consumer over them."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import boto3
import httpx2
from botocore.awsrequest import AWSResponse
from mypy_boto3_dynamodb.client import DynamoDBClient
from mypy_boto3_s3.client import S3Client
from mypy_boto3_sqs.client import SQSClient
from openai import AsyncOpenAI
from PIL import Image

from catalogue import Catalogue
from services.core.analytics.report_analytics import ReportAnalytics
from services.core.domain.observation import PendingInference
from services.core.domain.report import Provenance, Report, Status
from services.core.domain.stored_report import Lease, RequestKey, StoredPhoto, StoredReport, seconds_now
from services.core.messaging.consumer import Message
from services.core.messaging.job_queue import JobQueue
from services.core.narrative.narrator import Narrator
from services.core.pipeline.ended import Prices
from services.core.pipeline.report_processor import ReportProcessor
from services.core.pipeline.wiring import Pipeline
from services.core.storage.image_store import ImageStore, Uploads
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.storage.vision_cache import VisionCache
from services.core.trace import traceparent
from services.core.usage import TokenPrices
from services.core.vision.async_endpoint import AsyncVisionEndpoint
from services.core.vision.endpoint import RealtimeVisionEndpoint, VisionEndpoint
from services.core.vision.fallback_llm import FallbackLlm
from services.results.job_handler import JobHandler
from services.results.jobs import Jobs
from services.results.report_events import ReportErased
from tests.services.analyze.conftest import _Raw, observation
from tests.services.conftest import DRAWN, TABLE

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

BUCKET, REGION, ENDPOINT = "bucket", "ca-central-1", "blip2-endpoint"
ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
ANSWER, FAILURE = "answers/1.out", "failures/1-error.out"


@dataclass
class Shop:
    """A table, a bucket and a queue, and the consumer over them; it counts calls of model and LLM."""

    s3: S3Client
    dynamodb: DynamoDBClient
    sqs: SQSClient
    queue_url: str
    dead_letters_url: str
    status: int = 200
    problem: dict[str, Any] = field(default_factory=dict)
    invalid: bool = False
    erased: list[ReportErased] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    model_calls: int = 0
    llm_calls: int = 0
    asynchronous: bool = False
    fallback_llm: httpx2.Response | None = None
    reuse: bool = False
    catalogue: Catalogue = DRAWN
    wear_tiles: int = 0
    large_photos: bool = False
    analytics: ReportAnalytics = field(default_factory=ReportAnalytics)
    photos: list[bytes] = field(default_factory=list)
    during_llm: Callable[[], None] = field(default=lambda: None)
    during_inference: Callable[[], None] = field(default=lambda: None)

    def __post_init__(self) -> None:
        self.reports = Reports(self.dynamodb, TABLE, quota_per_day=99)
        self.leases = Leases(self.dynamodb, TABLE)
        self.queue = JobQueue(self.sqs, self.queue_url)
        self.runtime: SageMakerRuntimeClient = boto3.client("sagemaker-runtime", region_name=REGION)
        for operation in ("InvokeEndpoint", "InvokeEndpointAsync"):
            self.runtime.meta.events.register(f"before-send.sagemaker-runtime.{operation}", self._answer)

    def accept(
        self,
        lease: Lease | None = None,
        pending: PendingInference | None = None,
        age: timedelta = timedelta(),
        photo: bytes | None = None,
        key: RequestKey | None = None,
    ) -> None:
        """Accept a report of one photo, as a service that crashed leaves it."""
        out = BytesIO()
        Image.new("RGB", (640, 480), (90, 120, 160)).save(out, "JPEG")
        picture = f"photos/alice/{ID}/1.jpg"
        self.s3.put_object(Bucket=BUCKET, Key=picture, Body=photo or out.getvalue())
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
            StoredReport(
                "alice",
                report,
                (StoredPhoto(picture),),
                key=key,
                photos_digest="d" * 64,
                lease=lease,
                pending=pending,
                traceparent=traceparent(),
            )
        )

    def store_answer(self, body: bytes | None = None) -> None:
        """Store the endpoint's answer."""
        content = (
            json.dumps(observation(1, self.catalogue, self.wear_tiles)).encode() if body is None else body
        )
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
            narrator=Narrator(llm, "m", 30.0),
            prices=Prices(0.82, TokenPrices(0.1, 0.01, 0.5)),
            catalogue=self.catalogue,
            vision_cache=(
                VisionCache(self.dynamodb, TABLE, self.catalogue, self.wear_tiles) if self.reuse else None
            ),
            fallback_llm=self._fallback(llm),
            analytics=self.analytics,
            large_photos=self.large_photos,
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
        handler = JobHandler(pipeline, tell_erased=self.erased.append)
        jobs = Jobs(handler, self.sqs, self.queue_url, self.dead_letters_url)
        unsettled = await jobs.settle(messages)
        await llm.close()
        return unsettled

    def _endpoint(self) -> VisionEndpoint:
        if self.asynchronous:
            return AsyncVisionEndpoint(
                self.runtime,
                self.s3,
                endpoint=ENDPOINT,
                bucket=BUCKET,
                kms_key_id=None,
                catalogue=self.catalogue,
                wear_tiles=self.wear_tiles,
            )
        return RealtimeVisionEndpoint(self.runtime, ENDPOINT, self.catalogue, self.wear_tiles)

    def _answer(self, request: Any, **_: object) -> Any:
        self.model_calls += 1
        self.during_inference()
        self.attributes.append(request.headers.get("X-Amzn-SageMaker-Custom-Attributes", b"").decode())
        self.questions.append(request.headers.get("X-Amzn-SageMaker-Inference-Id", b"").decode())
        headers: Any = {
            "content-type": "application/json",
            "x-amzn-sagemaker-outputlocation": f"s3://{BUCKET}/{ANSWER}",
            "x-amzn-sagemaker-failurelocation": f"s3://{BUCKET}/{FAILURE}",
        }
        self.photos = [b64decode(photo) for photo in json.loads(request.body or b"{}").get("photos", [])]
        answer = observation(1, self.catalogue, self.wear_tiles)
        body = self.problem or ({"kinds": []} if self.invalid else answer)
        return AWSResponse(request.url, self.status, headers, _Raw(json.dumps(body).encode()))

    def _fallback(self, llm: AsyncOpenAI) -> FallbackLlm | None:
        if self.fallback_llm is None:
            return None
        return FallbackLlm(
            llm, "eyes", self.catalogue, usd_per_mtok_input=1.0, usd_per_mtok_output=2.0, timeout_s=30.0
        )

    def _llm(self, request: httpx2.Request) -> httpx2.Response:
        if self.fallback_llm is not None and json.loads(request.content)["model"] == "eyes":
            return self.fallback_llm
        self.llm_calls += 1
        self.during_llm()
        return httpx2.Response(503)

    def stored(self) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def report(self) -> Report:
        return self.reports.get("alice", ID).report

    def waiting(self, url: str | None = None) -> list[Any]:
        found = self.sqs.receive_message(
            QueueUrl=url or self.queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(found.get("Messages", []))


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
