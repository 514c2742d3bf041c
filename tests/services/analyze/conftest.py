"""The service as clients meet it, over stores, models and an issuer that tests can bend."""

import json
import threading
from collections.abc import Callable, Iterator
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
from openai import AsyncOpenAI
from PIL import Image
from starlette.testclient import TestClient

from services.analyze.app import create_api
from services.analyze.observe import Observe
from services.analyze.parts import Parts
from services.core.analysis import Analysis, Prices
from services.core.errors import InvalidToken
from services.core.identity import Identity, TokenVerifier
from services.core.model import VisionModel
from services.core.narrate import Narrator
from services.core.pictures import Pictures
from services.core.reports import Reports
from services.core.vocabulary import vocabulary
from tests.services.conftest import TABLE

BUCKET = "images"


class _Raw(BytesIO):
    def stream(self, **_: object) -> list[bytes]:
        return [self.getvalue()]


class Verifier(TokenVerifier):
    """Takes `token-of-NAME` for NAME's; tokens proper are tested with the verifier itself."""

    def __init__(self) -> None:
        pass

    def verify(self, token: str) -> Identity:
        if not token.startswith("token-of-"):
            raise InvalidToken("the token is malformed")
        return Identity(token.removeprefix("token-of-"))

    def check(self) -> None:
        pass


@dataclass
class World:
    """What stands behind the service: a model and an LLM to bend, a model that can be held up."""

    s3: S3Client
    dynamodb: DynamoDBClient
    status: int = 200
    body: bytes | None = None
    llm: int = 503
    model_budget_s: float = 10.0
    model_calls: int = 0
    open: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)

    def keys(self) -> list[str]:
        """What lies in the image bucket."""
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def answer_model(self, request: Any, **_: object) -> Any:
        self.model_calls += 1
        self.entered.set()
        self.open.wait(10)
        photos = len(json.loads(request.body)["photos"])
        headers: Any = {"content-type": "application/json"}
        body = json.dumps(sight(photos)).encode() if self.body is None else self.body
        return AWSResponse(request.url, self.status, headers, _Raw(body))

    def answer_llm(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(self.llm)


def sight(photos: int) -> dict[str, Any]:
    words = vocabulary()
    return {
        "answers": [
            {"id": "type", "scores": [{c: 0.9 if c == "mug" else 0.01 for c in words.type.candidates}]},
            {
                "id": "material",
                "scores": [{c: 0.9 if c == "ceramic" else 0.01 for c in words.material.candidates}],
            },
            {
                "id": "wear",
                "scores": [{c: 0.8 if c == "chip" else 0.1 for c in words.wear.candidates}] * photos,
            },
        ],
        "caption": "a blue ceramic mug",
        "artifact": "demo-000000000000",
    }


@pytest.fixture
def world(dynamodb: DynamoDBClient) -> World:
    s3: S3Client = boto3.client("s3", region_name="ca-central-1")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    world = World(s3, dynamodb)
    world.open.set()
    return world


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """An HTTP client of the whole service, signed in as alice; server errors are answers, not exceptions."""
    runtime = boto3.client("sagemaker-runtime", region_name="ca-central-1")
    runtime.meta.events.register("before-send.sagemaker-runtime.InvokeEndpoint", world.answer_model)

    def parts() -> Parts:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(world.answer_llm))
        llm = AsyncOpenAI(api_key="k", base_url="http://llm/v1", http_client=http, max_retries=0)
        return Parts(
            Verifier(),
            Analysis(
                pictures=Pictures(world.s3, BUCKET, None),
                reports=Reports(world.dynamodb, TABLE, quota_per_day=4),
                model=VisionModel(runtime, "blip2-endpoint"),
                narrator=Narrator(llm, "m", 1.0),
                prices=Prices(0.82, 0.1, 0.5),
                retention=timedelta(days=30),
                model_budget_s=world.model_budget_s,
            ),
        )

    headers = {"Authorization": "Bearer token-of-alice"}
    with TestClient(Observe(create_api(parts)), headers=headers, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def jpeg() -> Callable[..., bytes]:
    """Makes a small photo; another shade gives another photo."""

    def make(shade: int = 100) -> bytes:
        out = BytesIO()
        Image.new("RGB", (640, 480), (shade, 120, 160)).save(out, "JPEG")
        return out.getvalue()

    return make
