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

from catalogue import Catalogue
from services.core.domain.errors import (
    CatalogueMismatch,
    ModelAnswerInvalid,
    ModelFault,
    ModelRefused,
    ModelUnavailable,
)
from services.core.domain.observation import KindSeen, Said
from services.core.trace import hop
from services.core.vision.answer import MAX_ANSWER_BYTES, parse_observation
from services.core.vision.async_endpoint import AsyncVisionEndpoint
from services.core.vision.endpoint import RealtimeVisionEndpoint, request_body
from tests.services.conftest import DRAWN

Answer = dict[str, Any]


def answer(photos: int = 1, parts: int = 1) -> Answer:
    """An answer in which nothing is likely."""
    (department,) = DRAWN.departments.values()
    return {
        "kinds": [{"id": "mug", "name": "mug", "p": 0.1}, {"id": "bag", "name": "bag", "p": 0.1}],
        "rest": [0.7, 0.8],
        "said": {"text": "mug", "p": 0.1, "id": "mug"},
        "department": "drawn",
        "material": {each.id: 1 / 8 for each in department.materials},
        "colour": {},
        "pattern": {},
        "wear": [{tag.id: [0.5] * parts for tag in department.wear}] * photos,
        "caption": " a mug ",
        "artifact": "demo-000000000000",
        "catalogue": DRAWN.version,
        "calibrated": True,
        "thresholds": {"type": 0.6, "material": 0.7, "colour": 0.5, "pattern": 0.5},
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
        return RealtimeVisionEndpoint(runtime, "blip2-endpoint", DRAWN)

    return make


Endpoint = Callable[[int, bytes], RealtimeVisionEndpoint]


def test_request_has_photos_and_ids() -> None:
    assert json.loads(request_body([b"\xff\xd8one", b"two"], DRAWN, 0)) == {
        "photos": ["/9hvbmU=", "dHdv"],
        "catalogue": DRAWN.version,
        "departments": ["drawn"],
        "questions": ["type", "material", "wear"],
        "wear_tiles": 0,
    }


def test_request_names_the_selected_departments(second_hand: Catalogue) -> None:
    request = json.loads(request_body([b"one"], second_hand.select(["shoes", "bags"]), 4))
    assert sorted(request["departments"]) == ["bags", "shoes"]
    assert request["questions"] == ["type", "material", "colour", "pattern", "wear"]
    assert (request["catalogue"], request["wear_tiles"]) == (second_hand.version, 4)


def test_answer_becomes_observation(endpoint: Endpoint) -> None:
    observation = endpoint(200, json.dumps(answer(2)).encode()).observe([b"one", b"two"])
    assert observation.caption == "a mug"
    assert len(observation.wear) == 2
    assert observation.kinds[0] == KindSeen("mug", "mug", 0.1)
    assert observation.said == Said("mug", 0.1, "mug")
    assert observation.wear[1]["chip"] == (0.5,)
    assert sum(observation.material.values()) == pytest.approx(1)


def test_quarters_are_read_where_asked() -> None:
    body = json.dumps(answer(parts=5)).encode()
    assert parse_observation(body, 1, DRAWN, 4).wear[0]["chip"] == (0.5,) * 5
    for parts, asked in ((1, 4), (5, 0), (4, 4)):
        with pytest.raises(ModelAnswerInvalid, match="cannot be used: wear: "):
            parse_observation(json.dumps(answer(parts=parts)).encode(), 1, DRAWN, asked)


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


def wear_of(changed: dict[str, Any]) -> Callable[[Answer], Any]:
    return lambda a: a.update(wear=[{**a["wear"][0], **changed}])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"not json", "body"),
        (b"{}", "kinds"),
        (b"[]", "body"),
        (json.dumps(answer(photos=2)).encode(), "wear"),
        (json.dumps(answer(photos=0)).encode(), "wear"),
        (broken(lambda a: a.pop("wear")), "wear"),
        (broken(lambda a: a["material"].pop("ceramic")), "material"),
        (broken(lambda a: a["material"].update(steel=0.1)), "material"),
        (broken(lambda a: a["material"].update(ceramic=1.5)), "material"),
        (broken(lambda a: a["material"].update(ceramic=math.nan)), "material"),
        (broken(lambda a: a["material"].update(ceramic=True)), "material"),
        (broken(lambda a: a["material"].update(ceramic="0.5")), "material"),
        (broken(lambda a: a["material"].update(ceramic=math.inf)), "material"),
        (broken(lambda a: a["material"].update(ceramic=1.0, wood=1.0)), "material"),
        (broken(lambda a: a["material"].update({"x" * 5_000_000: 2})), "body"),
        (broken(lambda a: a["material"].update({"x" * 500_000: 0.1})), "material"),
        (broken(lambda a: a.update(material={})), "material"),
        (broken(lambda a: a.update(colour={"blue": 1.0})), "colour"),
        (broken(lambda a: a.update(pattern={"plain": 1.0})), "pattern"),
        (broken(lambda a: a["kinds"][0].update(id="yacht")), "kinds"),
        (broken(lambda a: a["kinds"][0].update(id="bag")), "kinds"),
        (broken(lambda a: a["kinds"][0].update(p=-0.1)), "kinds"),
        (broken(lambda a: a["kinds"][0].update(p=None)), "kinds"),
        (broken(lambda a: a["kinds"][0].update(id="Mug\n")), "kinds"),
        (broken(lambda a: a["kinds"][0].update(name="<b>")), "kinds"),
        (broken(lambda a: a["kinds"].extend(a["kinds"] * 2)), "kinds"),
        (broken(lambda a: a.update(rest=[0.5])), "rest"),
        (broken(lambda a: a.update(rest=[0.5, 0.4])), "rest"),
        (broken(lambda a: a.update(said="mug")), "said"),
        (broken(lambda a: a["said"].update(id="a mug")), "said"),
        (broken(lambda a: a["said"].pop("p")), "said"),
        (broken(lambda a: a.update(department="kitchen")), "department"),
        (broken(lambda a: a.update(department=None)), "department"),
        (broken(wear_of({"hole": [0.1]})), "wear"),
        (broken(lambda a: a["wear"][0].pop("chip")), "wear"),
        (broken(wear_of({"chip": []})), "wear"),
        (broken(wear_of({"chip": 0.5})), "wear"),
        (broken(wear_of({"chip": [1.1]})), "wear"),
        (broken(wear_of({"chip": [math.nan]})), "wear"),
        (broken(wear_of({"chip": [0.5] * 100_000})), "wear"),
        (broken(lambda a: a.pop("caption")), "caption"),
        (broken(lambda a: a.update(caption=7)), "caption"),
        (broken(lambda a: a.update(artifact="demo\x1b[2J")), "artifact"),
        (broken(lambda a: a.update(artifact="demo\n")), "artifact"),
        (broken(lambda a: a.update(artifact="x" * 500_000)), "artifact"),
        (broken(lambda a: a.update(caption="x" * 5_000_000)), "body"),
        (broken(lambda a: a.update(catalogue="1")), "catalogue"),
        (broken(lambda a: a.update(calibrated="yes")), "calibrated"),
        (broken(lambda a: a["thresholds"].pop("type")), "thresholds"),
        (broken(lambda a: a["thresholds"].update(type=1.1)), "thresholds"),
        (b'{"kinds":' + b"[" * 900_000, "body"),
        (b" " * 50_000_000, "body"),
    ],
    ids=itertools.count(),
)
def test_answer_outside_contract_is_invalid(endpoint: Endpoint, body: bytes, field: str) -> None:
    with pytest.raises(ModelAnswerInvalid) as refused:
        endpoint(200, body).observe([b"one"])
    assert str(refused.value).startswith(f"the vision model's answer cannot be used: {field}")
    assert len(str(refused.value)) < 200
    assert str(refused.value).isprintable()


def test_unselected_kind_is_invalid(second_hand: Catalogue) -> None:
    """The request names the departments, and the search leaves the others' names out."""
    selected = second_hand.select(["shoes"])
    department = selected.departments["shoes"]
    given = answer() | {
        "kinds": [{"id": "mug", "name": "mug", "p": 0.1}],
        "department": "shoes",
        "material": {each.id: 0.0 for each in department.materials},
        "colour": {each.id: 0.0 for each in selected.colours},
        "pattern": {each.id: 0.0 for each in selected.patterns},
        "wear": [{tag.id: [0.5] for tag in department.wear}],
        "catalogue": second_hand.version,
    }
    with pytest.raises(ModelAnswerInvalid, match="kinds: a kind that is not in the selected departments"):
        parse_observation(json.dumps(given).encode(), 1, selected, 0)
    given["kinds"] = [{"id": department.kinds[0].id, "name": department.kinds[0].answer, "p": 0.1}]
    assert parse_observation(json.dumps(given).encode(), 1, selected, 0).department == "shoes"


OTHER = "0123456789abcdef"


def test_answer_mismatch_has_a_name(endpoint: Endpoint) -> None:
    with pytest.raises(CatalogueMismatch) as refused:
        endpoint(200, json.dumps(answer() | {"catalogue": OTHER, "kinds": []}).encode()).observe([b"one"])
    assert OTHER in str(refused.value)
    assert DRAWN.version in str(refused.value)
    assert isinstance(refused.value, ModelUnavailable)


@pytest.mark.parametrize("status", [400, 500])
def test_container_mismatch_has_a_name(endpoint: Endpoint, status: int) -> None:
    said = f"CatalogueMismatch: catalogue: {DRAWN.version} is asked for, and the artifact has {OTHER}; secret"
    body = {
        "__type": "ModelError",
        "message": f'Received client error ({status}) from primary with message "{said}". See the log.',
        "OriginalMessage": said,
        "OriginalStatusCode": status,
    }
    with pytest.raises(CatalogueMismatch) as refused:
        endpoint(424, json.dumps(body).encode()).observe([b"one"])
    assert (OTHER in str(refused.value), "secret" in str(refused.value)) == (True, False)


@pytest.mark.parametrize(
    ("said", "kept"), [(" a\x00 mug\n", "a mug"), ("x" * 200, ""), ("\u202emug", "mug"), ("", "")]
)
def test_free_answer_is_one_bounded_line(endpoint: Endpoint, said: str, kept: str) -> None:
    body = json.dumps(answer() | {"said": {"text": said, "p": 0.5, "id": None}}).encode()
    assert endpoint(200, body).observe([b"one"]).said == Said(kept, 0.5)


def test_answer_without_free_words_is_valid(endpoint: Endpoint) -> None:
    assert endpoint(200, json.dumps(answer() | {"said": None}).encode()).observe([b"one"]).said is None


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
    model = AsyncVisionEndpoint(
        runtime, s3, endpoint="blip2-endpoint", bucket="b", kms_key_id=None, catalogue=DRAWN
    )
    with pytest.raises(ParamValidationError):
        model.infer("01ARZ3NDEKTSV4RRFFQ69G5FAV", [photo], 1)
