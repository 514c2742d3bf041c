import itertools
import json
import math
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, ParamValidationError

from services.core.domain.errors import ModelAnswerInvalid, ModelFault, ModelRefused, ModelUnavailable
from services.core.domain.observation import vocabulary
from services.core.trace import hop
from services.core.vision.async_endpoint import AsyncVisionEndpoint
from services.core.vision.endpoint import MAX_ANSWER_BYTES, RealtimeVisionEndpoint, request_body

Answer = dict[str, Any]


def answer(photos: int = 1) -> Answer:
    words = vocabulary()
    return {
        "answers": [
            {"id": "type", "scores": [dict.fromkeys(words.type.candidates, 1 / 11)]},
            {"id": "material", "scores": [dict.fromkeys(words.material.candidates, 1 / 8)]},
            {"id": "wear", "scores": [dict.fromkeys(words.wear.candidates, 0.5)] * photos},
        ],
        "caption": " a mug ",
        "artifact": "demo-000000000000",
    }


class _Raw(BytesIO):
    def stream(self, **_: object) -> list[bytes]:
        return [self.getvalue()]


def _answered(request: Any, status: int, body: bytes, **_: object) -> Any:
    headers: Any = {"content-type": "application/json"}
    return AWSResponse(request.url, status, headers, _Raw(body))


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, bytes], RealtimeVisionEndpoint]:
    """Makes the real client, with the endpoint's HTTP answer in the network's place."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")

    def make(status: int, body: bytes) -> RealtimeVisionEndpoint:
        runtime = boto3.client("sagemaker-runtime", region_name="ca-central-1")
        answer = partial(_answered, status=status, body=body)
        runtime.meta.events.register("before-send.sagemaker-runtime.InvokeEndpoint", answer)
        return RealtimeVisionEndpoint(runtime, "blip2-endpoint")

    return make


Endpoint = Callable[[int, bytes], RealtimeVisionEndpoint]


def test_request_has_photos_and_vocabulary() -> None:
    request = json.loads(request_body([b"\xff\xd8one", b"two"]))
    assert request["photos"] == ["/9hvbmU=", "dHdv"]
    assert [(question["id"], question["kind"]) for question in request["questions"]] == [
        ("type", "choice"),
        ("material", "choice"),
        ("wear", "set"),
    ]


def test_answer_becomes_observation(endpoint: Endpoint) -> None:
    observation = endpoint(200, json.dumps(answer(2)).encode()).observe([b"one", b"two"])
    assert observation.caption == "a mug"
    assert len(observation.wear) == 2
    assert sum(observation.type.values()) == pytest.approx(1)


def test_call_carries_the_trace(endpoint: Endpoint) -> None:
    given = endpoint(200, json.dumps(answer()).encode())
    headers: list[Any] = []
    given._runtime.meta.events.register(
        "before-send.sagemaker-runtime.InvokeEndpoint", lambda request, **_: headers.append(request.headers)
    )
    with hop(None) as span:
        given.infer("R", [b"one"], 1)
    given.observe([b"one"])
    sent = [each.get("X-Amzn-SageMaker-Custom-Attributes") for each in headers]
    # A request has no attribute outside of a trace, as that of a canary.
    assert sent == [f"traceparent={span.traceparent}".encode(), None]


def broken(change: Callable[[Answer], Any]) -> bytes:
    changed = answer()
    change(changed)
    return json.dumps(changed).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"{}",
        b"[]",
        json.dumps(answer(photos=2)).encode(),
        broken(lambda a: a["answers"].pop()),
        broken(lambda a: a["answers"][0]["scores"][0].pop("mug")),
        broken(lambda a: a["answers"][0]["scores"][0].update(yacht=0.1)),
        broken(lambda a: a["answers"][0]["scores"][0].update(mug=1.5)),
        broken(lambda a: a["answers"][0]["scores"][0].update(mug=math.nan)),
        broken(lambda a: a.pop("caption")),
        broken(lambda a: a["answers"][0]["scores"][0].update(mug=True)),
        broken(lambda a: a["answers"][0]["scores"][0].update(mug="0.5")),
        broken(lambda a: a["answers"][0]["scores"][0].update(mug=math.inf)),
        broken(lambda a: a["answers"][0]["scores"][0].update(mug=1.0, lamp=1.0)),
        broken(lambda a: a["answers"].append(a["answers"][0])),
        broken(lambda a: a["answers"][0]["scores"][0].update({"x" * 5_000_000: 2})),
        broken(lambda a: a.update(artifact="x" * 5_000_000)),
        broken(lambda a: a.update(artifact="demo\x1b[2J")),
        broken(lambda a: a.update(artifact="demo\n")),
        broken(lambda a: a.update(caption="x" * 5_000_000)),
        b'{"answers":' + b"[" * 900_000,
        b" " * 50_000_000,
    ],
    ids=itertools.count(),
)
def test_answer_outside_contract_is_invalid(endpoint: Endpoint, body: bytes) -> None:
    with pytest.raises(ModelAnswerInvalid) as refused:
        endpoint(200, body).observe([b"one"])
    assert len(str(refused.value)) < 200
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a mug\x00 on\ta\ntable", "a mug on a table"),
        ("a \x1b[31mred\u202e mug\u200b", "a [31mred mug"),
        ("mug " * 200, ""),
        ("\x00" * 90_000, ""),
        ("mug" + " " * 500, "mug"),
    ],
)
def test_caption_is_one_bounded_line(endpoint: Endpoint, said: str, kept: str) -> None:
    body = json.dumps(answer() | {"caption": said}).encode()
    assert endpoint(200, body).observe([b"one"]).caption == kept


def test_large_answer_is_not_read_whole(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int | None] = []
    read = _Raw.read

    def counted(self: _Raw, size: int | None = -1) -> bytes:
        asked.append(size)
        return read(self, size)

    monkeypatch.setattr(_Raw, "read", counted)
    with pytest.raises(ModelAnswerInvalid, match="over 1000000 bytes"):
        endpoint(200, b" " * 3_000_000).observe([b"one"])
    assert asked == [MAX_ANSWER_BYTES + 1]


@pytest.mark.parametrize(
    ("status", "code", "original", "fault"),
    [
        (400, "ValidationError", None, ModelRefused),
        (403, "AccessDeniedException", None, ModelUnavailable),
        (400, "ThrottlingException", None, ModelUnavailable),
        (424, "ModelError", 400, ModelRefused),
        (424, "ModelError", 415, ModelRefused),
        (424, "ModelError", 404, ModelUnavailable),
        (424, "ModelError", 429, ModelUnavailable),
        (424, "ModelError", 500, ModelUnavailable),
        (424, "ModelError", 0, ModelUnavailable),
        (424, "ModelError", None, ModelUnavailable),
        (429, "ModelNotReadyException", None, ModelUnavailable),
        (500, "InternalFailure", None, ModelUnavailable),
        (503, "ServiceUnavailable", None, ModelUnavailable),
    ],
)
def test_fault_omits_the_container_message(
    endpoint: Endpoint, status: int, code: str, original: int | None, fault: type[ModelFault]
) -> None:
    body: dict[str, Any] = {"message": "Traceback: secret", "__type": code, "OriginalMessage": "secret"}
    if original is not None:
        body["OriginalStatusCode"] = original
    with pytest.raises(fault) as refused:
        endpoint(status, json.dumps(body).encode()).observe([b"one"])
    assert "secret" not in str(refused.value)


def test_unreachable_endpoint_is_unavailable(endpoint: Endpoint) -> None:
    model = endpoint(200, b"")

    def refuse(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://secret")

    model._runtime.meta.events.register_first("before-send.sagemaker-runtime.InvokeEndpoint", refuse)
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        model.observe([b"one"])


def test_parameter_mistake_is_raised_as_it_is(endpoint: Endpoint) -> None:
    model = endpoint(200, b"")

    def refuse(**_: object) -> None:
        raise ParamValidationError(report="Unknown parameter in input")

    model._runtime.meta.events.register_first("before-send.sagemaker-runtime.InvokeEndpoint", refuse)
    with pytest.raises(ParamValidationError):
        model.observe([b"one"])


@pytest.mark.parametrize("photo", [b"one", b"long" * 100_000])
def test_async_mistake_is_raised_as_it_is(monkeypatch: pytest.MonkeyPatch, photo: bytes) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    runtime = boto3.client("sagemaker-runtime", region_name="ca-central-1")
    s3 = boto3.client("s3", region_name="ca-central-1")

    def refuse(**_: object) -> None:
        raise ParamValidationError(report="Unknown parameter in input")

    runtime.meta.events.register_first("before-send", refuse)
    s3.meta.events.register_first("before-send", refuse)
    model = AsyncVisionEndpoint(runtime, s3, endpoint="blip2-endpoint", bucket="b", kms_key_id=None)
    with pytest.raises(ParamValidationError):
        model.infer("01ARZ3NDEKTSV4RRFFQ69G5FAV", [photo], 1)
