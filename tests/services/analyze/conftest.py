"""The service as clients call it, over stores, models and an issuer that tests control."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
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
from starlette.testclient import TestClient

from catalogue import Catalogue
from catalogue.model import Language
from services.analyze.app import create_api
from services.analyze.dependencies import Dependencies
from services.analyze.observe import Observe
from services.core.auth.tokens import TokenVerifier
from services.core.aws import PRESIGNING
from services.core.domain.errors import InvalidToken
from services.core.domain.timing import PRODUCTION, Timing
from services.core.messaging.job_queue import JobQueue
from services.core.narrative.narrator import Narrator
from services.core.pipeline import submission
from services.core.pipeline.ended import Prices
from services.core.pipeline.report_processor import ReportProcessor
from services.core.pipeline.report_service import ReportService
from services.core.pipeline.submission import Submission
from services.core.storage.image_store import ImageStore, Uploads
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.storage.vision_cache import VisionCache
from services.core.usage import TokenPrices
from services.core.vision.async_endpoint import AsyncVisionEndpoint
from services.core.vision.endpoint import RealtimeVisionEndpoint, VisionEndpoint
from tests.services.analyze.contract import check_answer
from tests.services.conftest import DRAWN, TABLE

BUCKET = "images"


class _Raw(BytesIO):
    def stream(self, **_: object) -> list[bytes]:
        return [self.getvalue()]


class Verifier(TokenVerifier):
    """Accepts `token-of-NAME`; real tokens are tested with the verifier itself."""

    def __init__(self) -> None:
        pass

    def verify(self, token: str) -> str:
        if not token.startswith("token-of-"):
            raise InvalidToken("the token is malformed")
        return token.removeprefix("token-of-")

    def check(self) -> None:
        pass


@dataclass
class World:
    """The stores, the model and the LLM behind the service; a test can delay or fail the models."""

    s3: S3Client
    dynamodb: DynamoDBClient
    sqs: SQSClient
    queue_url: str
    status: int = 200
    body: bytes | None = None
    llm: int = 503
    # Longer than the first report of a process takes on a slow machine: it loads much code.
    budget_s: float = 25.0
    narrate_s: float = 10.0
    reuse: bool = False
    asynchronous: bool = False
    model_calls: int = 0
    open: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    question: Any = None
    timing: Timing = PRODUCTION
    catalogue: Catalogue = DRAWN
    wear_tiles: int = 0
    large_photos: bool = False
    also_in: tuple[Language, ...] = ()

    def kept(self) -> list[str]:
        """The keys in the image bucket."""
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    @staticmethod
    def noise(seed: int) -> bytes:
        """Return a photo that JPEG cannot compress."""
        out = BytesIO()
        pixels = random.Random(seed).randbytes(3 * 384 * 384)  # noqa: S311 - a picture, not a secret
        Image.frombytes("RGB", (384, 384), pixels).save(out, "JPEG")
        return out.getvalue()

    def messages(self) -> list[dict[str, Any]]:
        """Receive the visible messages of the jobs queue."""
        found = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    def model(self) -> VisionEndpoint:
        """The endpoint's client, answered by `answer_model` or `take_question`."""
        runtime = boto3.client("sagemaker-runtime", region_name="ca-central-1")
        events = runtime.meta.events
        if not self.asynchronous:
            events.register("before-send.sagemaker-runtime.InvokeEndpoint", self.answer_model)
            return RealtimeVisionEndpoint(runtime, "blip2-endpoint", self.catalogue, self.wear_tiles)
        events.register("before-send.sagemaker-runtime.InvokeEndpointAsync", self.take_question)
        return AsyncVisionEndpoint(
            runtime,
            self.s3,
            endpoint="blip2-endpoint",
            bucket=BUCKET,
            kms_key_id=None,
            catalogue=self.catalogue,
            wear_tiles=self.wear_tiles,
        )

    def take_question(self, request: Any, **_: object) -> Any:
        self.model_calls += 1
        self.question = request
        self.entered.set()
        output = f"s3://{BUCKET}/answers/{self.model_calls}.out"
        headers: Any = {
            "content-type": "application/json",
            "x-amzn-sagemaker-outputlocation": output,
            "x-amzn-sagemaker-failurelocation": output.replace("answers/", "failures/"),
        }
        status = 202 if self.status == 200 else self.status
        return AWSResponse(request.url, status, headers, _Raw(self.body or b'{"InferenceId": "i"}'))

    def answer_model(self, request: Any, **_: object) -> Any:
        self.model_calls += 1
        self.entered.set()
        self.open.wait(10)
        self.question = request
        photos = len(json.loads(request.body)["photos"])
        headers: Any = {"content-type": "application/json"}
        answer = observation(photos, self.catalogue, self.wear_tiles)
        body = json.dumps(answer).encode() if self.body is None else self.body
        return AWSResponse(request.url, self.status, headers, _Raw(body))

    def answer_llm(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(self.llm)


def without_links(report: dict[str, Any]) -> dict[str, Any]:
    """Return the report as it is stored; its links are signed anew with each answer."""
    return {name: value for name, value in report.items() if name != "photos"}


def observation(photos: int, words: Catalogue = DRAWN, wear_tiles: int = 0) -> dict[str, Any]:
    """The model's answer: a ceramic mug with a chip on each photo, which its top left quarter shows."""
    department = words.departments[words.kinds["mug"].department]
    parts = [0.8, 0.8, *[0.1] * (wear_tiles - 1)] if wear_tiles else [0.8]
    return {
        "kinds": [{"id": "mug", "name": "mug", "p": 0.9}, {"id": "vase", "name": "vase", "p": 0.01}],
        "rest": [0.05, 0.09],
        "said": {"text": "a mug", "p": 0.9, "id": "mug"},
        "department": department.id,
        "material": {each.id: 0.9 if each.id == "ceramic" else 0.001 for each in department.materials},
        "colour": {each.id: 0.9 if each.id == "blue" else 0.001 for each in words.colours},
        "pattern": {each.id: 0.9 if each.id == "striped" else 0.001 for each in words.patterns},
        "wear": [
            {tag.id: parts if tag.id == "chip" else [0.1] * len(parts) for tag in department.wear}
            for _ in range(photos)
        ],
        "caption": "a blue ceramic mug",
        "artifact": "demo-000000000000",
        "catalogue": words.version,
        "calibrated": True,
        "thresholds": {"type": 0.7, "material": 0.7, "colour": 0.5, "pattern": 0.5},
    }


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pauses of undoing be short."""
    monkeypatch.setattr(submission, "UNDO_PAUSES_S", (0.1, 0.1, 0.1))


@pytest.fixture
def world(dynamodb: DynamoDBClient) -> World:
    s3: S3Client = boto3.client("s3", region_name="ca-central-1", config=PRESIGNING)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    sqs: SQSClient = boto3.client("sqs", region_name="ca-central-1")
    world = World(s3, dynamodb, sqs, sqs.create_queue(QueueName="jobs")["QueueUrl"])
    world.open.set()
    return world


@contextmanager
def client_of(world: World) -> Iterator[TestClient]:
    """An HTTP client of the whole service, as alice; server errors are answers, not exceptions.

    Each answer has to be as docs/openapi.json describes it.
    """

    def dependencies() -> Dependencies:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda request: world.answer_llm(request)))
        llm = AsyncOpenAI(api_key="k", base_url="http://llm/v1", http_client=http, max_retries=0)
        reports = Reports(world.dynamodb, TABLE, quota_per_day=4)
        return Dependencies(
            Verifier(),
            Uploads(world.s3, BUCKET, None),
            ReportService(
                submission=Submission(
                    ImageStore(world.s3, BUCKET, None),
                    reports,
                    "blip2-endpoint",
                    timedelta(days=30),
                    world.also_in,
                ),
                processor=ReportProcessor(
                    reports=reports,
                    leases=Leases(world.dynamodb, TABLE),
                    endpoint=world.model(),
                    narrator=Narrator(llm, "m", world.narrate_s),
                    prices=Prices(0.82, TokenPrices(0.1, 0.01, 0.5)),
                    catalogue=world.catalogue,
                    vision_cache=(
                        VisionCache(world.dynamodb, TABLE, world.catalogue, world.wear_tiles)
                        if world.reuse
                        else None
                    ),
                    large_photos=world.large_photos,
                ),
                queue=JobQueue(world.sqs, world.queue_url),
                budget_s=world.budget_s,
                timing=world.timing,
            ),
        )

    headers = {"Authorization": "Bearer token-of-alice"}
    with TestClient(
        Observe(create_api(dependencies)), headers=headers, raise_server_exceptions=False
    ) as client:
        client.event_hooks = {"response": [check_answer]}
        yield client


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with client_of(world) as client:
        yield client


@pytest.fixture
def jpeg() -> Callable[..., bytes]:
    """Makes a small photo of a white thing; another shade behind it gives another photo."""

    def make(shade: int = 100) -> bytes:
        out = BytesIO()
        photo = Image.new("RGB", (640, 480), (shade, 120, 160))
        photo.paste("white", (200, 120, 440, 360))
        photo.save(out, "JPEG")
        return out.getvalue()

    return make
