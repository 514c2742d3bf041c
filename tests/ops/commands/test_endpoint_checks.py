"""The endpoint is asked as the service asks it, in both modes; an endpoint at zero is awaited."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from rich.console import Console

from catalogue import DRAWN, load
from cli.errors import UserError
from cli.progress import Steps
from ops.commands import endpoint_checks
from ops.commands.endpoint_checks import SAMPLE, async_answers, realtime_answers
from services.core.photos.photo import prepare
from services.core.vision.endpoint import request_body
from tests.client.test_follow import Clock
from tests.ops.conftest import Stubbed, make_settings

NAME, BUCKET = "blip2-endpoint", "exchange"
GOODS = load(DRAWN)
ANSWER, FAILURE = (
    {"Bucket": BUCKET, "Key": "answers/1.out"},
    {"Bucket": BUCKET, "Key": "failures/1-error.out"},
)
PLACES = {
    "OutputLocation": f"s3://{BUCKET}/{ANSWER['Key']}",
    "FailureLocation": f"s3://{BUCKET}/{FAILURE['Key']}",
}


def answer(**changes: Any) -> bytes:
    """Return what the demo's container answers about the sample."""
    department = GOODS.departments["drawn"]
    materials, wear = ([one.id for one in listed] for listed in (department.materials, department.wear))
    reply = {
        "kinds": [{"id": "mug", "name": "mug", "p": 0.91}],
        "rest": [0.0, 0.05],
        "said": {"text": "mug", "p": 0.9, "id": "mug"},
        "department": "drawn",
        "material": dict.fromkeys(materials, 0.0) | {"ceramic": 1.0},
        "colour": {},
        "pattern": {},
        "wear": [{tag: [0.1] for tag in wear}],
        "caption": "a mug",
        "artifact": "demo-000000000000",
        "catalogue": GOODS.version,
        "calibrated": True,
        "thresholds": {"type": 0.6, "material": 0.7, "colour": 0.5, "pattern": 0.5},
    }
    return json.dumps(reply | changes).encode()


def body() -> bytes:
    """Return the service's request about the sample."""
    return request_body([prepare(SAMPLE.read_bytes(), "sample").model_jpeg], GOODS, 0)


def invoked(stub: Stubber, content: bytes) -> None:
    params = {
        "EndpointName": "blip2-endpoint",
        "ContentType": "application/json",
        "Accept": "application/json",
        "Body": body(),
    }
    stream: Any = StreamingBody(io.BytesIO(content), len(content))
    stub.add_response("invoke_endpoint", {"Body": stream}, params)


def answered_later(calls: Stubber, objects: Stubber, after: int) -> None:
    """Prepare an accepted request whose answer is in the bucket after so many reads, and is deleted."""
    asked = {
        "EndpointName": NAME,
        "ContentType": "application/json",
        "Accept": "application/json",
        "InferenceId": ANY,
        "RequestTTLSeconds": ANY,
        "InvocationTimeoutSeconds": ANY,
        "Body": body(),
    }
    calls.add_response("invoke_endpoint_async", PLACES, asked)
    for _ in range(after):
        missing(objects)
    content = answer()
    stream: Any = StreamingBody(io.BytesIO(content), len(content))
    objects.add_response("get_object", {"Body": stream}, ANSWER)
    deleted(objects)


def deleted(objects: Stubber) -> None:
    for place in (ANSWER, FAILURE):
        objects.add_response("delete_object", {}, place)


def test_endpoint_gets_the_services_request(stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    invoked(stub, answer())
    assert realtime_answers(make_settings(), runtime) == (
        "✓ the endpoint blip2-endpoint sees: mug 91%; by demo-000000000000, catalogue " + GOODS.version
    )


def test_uncalibrated_artifact_is_warned_about(stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    invoked(stub, answer(calibrated=False))
    assert "\n! Its probabilities are not calibrated: run " in realtime_answers(make_settings(), runtime)


def refuse_the_catalogue(stub: Stubber) -> None:
    said = f"CatalogueMismatch: the request is of {GOODS.version}, the artifact of 0123456789abcdef"
    fields = {"OriginalStatusCode": 400, "OriginalMessage": said}
    stub.add_client_error("invoke_endpoint", "ModelError", "refused", 424, modeled_fields=fields)


def answer_by_another(stub: Stubber) -> None:
    invoked(stub, answer(catalogue="0123456789abcdef"))


@pytest.mark.parametrize("respond", [refuse_the_catalogue, answer_by_another])
def test_other_catalogue_names_both(stubbed: Stubbed, respond: Callable[[Stubber], None]) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    respond(stub)
    with pytest.raises(UserError, match="has another catalogue than the services") as raised:
        realtime_answers(make_settings(), runtime)
    assert GOODS.version in str(raised.value)
    assert "0123456789abcdef" in str(raised.value)
    assert "release it, or deploy the commit" in raised.value.hint


def test_invalid_answer_fails(stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    invoked(stub, b"{}")
    with pytest.raises(UserError, match="gives no valid answer") as raised:
        realtime_answers(make_settings(), runtime)
    assert "/aws/sagemaker/Endpoints/blip2-endpoint" in raised.value.hint


def test_failing_container_fails(stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    stub.add_client_error(
        "invoke_endpoint", "ModelError", "a traceback", 424, modeled_fields={"OriginalStatusCode": 500}
    )
    with pytest.raises(UserError, match="answered ModelError") as raised:
        realtime_answers(make_settings(), runtime)
    assert "traceback" not in str(raised.value)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(endpoint_checks, "time", clock)
    return clock


def ask(stubbed: Stubbed) -> str:
    (runtime, _), (s3, _) = stubbed("sagemaker-runtime"), stubbed("s3")
    with Steps(Console(file=io.StringIO())) as steps:
        return async_answers(make_settings(), runtime, s3, BUCKET, steps)


def test_endpoint_at_zero_is_awaited(stubbed: Stubbed, clock: Clock) -> None:
    answered_later(stubbed("sagemaker-runtime")[1], stubbed("s3")[1], after=100)
    assert "sees: mug 91%" in ask(stubbed)
    assert clock.now == 500


def test_endpoint_that_stays_at_zero_fails(
    stubbed: Stubbed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, calls), (_, objects) = stubbed("sagemaker-runtime"), stubbed("s3")
    monkeypatch.setattr(clock, "sleep", lambda _: setattr(clock, "now", 901))
    accepted(calls)
    missing(objects)
    deleted(objects)
    with pytest.raises(UserError, match="no answer within 15 minutes") as raised:
        ask(stubbed)
    assert "scaling activities" in raised.value.hint


def accepted(calls: Stubber) -> None:
    calls.add_response("invoke_endpoint_async", PLACES)


def missing(objects: Stubber) -> None:
    objects.add_client_error("get_object", "NoSuchKey", http_status_code=404, expected_params=ANSWER)
    objects.add_client_error("head_object", "404", http_status_code=404, expected_params=FAILURE)


def test_failed_inference_fails_and_is_deleted(stubbed: Stubbed, clock: Clock) -> None:
    (_, calls), (_, objects) = stubbed("sagemaker-runtime"), stubbed("s3")
    accepted(calls)
    objects.add_client_error("get_object", "NoSuchKey", http_status_code=404, expected_params=ANSWER)
    objects.add_response("head_object", {}, FAILURE)
    deleted(objects)
    with pytest.raises(UserError, match="failed to answer the sample photo"):
        ask(stubbed)


def test_interrupted_question_is_deleted(
    stubbed: Stubbed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    (_, calls), (_, objects) = stubbed("sagemaker-runtime"), stubbed("s3")
    monkeypatch.setattr(clock, "sleep", interrupt)
    accepted(calls)
    missing(objects)
    deleted(objects)
    with pytest.raises(KeyboardInterrupt):
        ask(stubbed)


@pytest.mark.parametrize("call", ["invoke_endpoint_async", "get_object"])
def test_denied_question_is_raised(stubbed: Stubbed, clock: Clock, call: str) -> None:
    (_, calls), (_, objects) = stubbed("sagemaker-runtime"), stubbed("s3")
    if call == "invoke_endpoint_async":
        calls.add_client_error(call, "AccessDeniedException", http_status_code=403)
    else:
        accepted(calls)
        objects.add_client_error(call, "AccessDenied", http_status_code=403)
        deleted(objects)
    with pytest.raises(ClientError, match="AccessDenied"):
        ask(stubbed)
