"""The endpoint is asked as the service asks it, in both modes; an endpoint at zero is awaited."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from rich.console import Console

from cli.errors import UserError
from cli.progress import Steps
from ops.commands import endpoint_checks
from ops.commands.endpoint_checks import SAMPLE, async_answers, realtime_answers
from services.core.domain.observation import vocabulary
from services.core.photos.photo import prepare
from services.core.vision.endpoint import request_body
from tests.client.test_follow import Clock
from tests.ops.conftest import Stubbed

NAME, BUCKET = "blip2-endpoint", "exchange"
ANSWER, FAILURE = (
    {"Bucket": BUCKET, "Key": "answers/1.out"},
    {"Bucket": BUCKET, "Key": "failures/1-error.out"},
)
PLACES = {
    "OutputLocation": f"s3://{BUCKET}/{ANSWER['Key']}",
    "FailureLocation": f"s3://{BUCKET}/{FAILURE['Key']}",
}


def answer() -> bytes:
    words = vocabulary()
    seen = dict.fromkeys(words.type.candidates, 0.01) | {words.type.candidates[1]: 0.9}
    return json.dumps(
        {
            "answers": [
                {"id": "type", "scores": [seen]},
                {"id": "material", "scores": [dict.fromkeys(words.material.candidates, 0.1)]},
                {"id": "wear", "scores": [dict.fromkeys(words.wear.candidates, 0.5)]},
            ],
            "caption": "a mug",
            "artifact": "demo-000000000000",
        }
    ).encode()


def invoked(stub: Stubber, body: bytes) -> None:
    params = {
        "EndpointName": "blip2-endpoint",
        "ContentType": "application/json",
        "Accept": "application/json",
        "Body": request_body([prepare(SAMPLE.read_bytes(), "sample").model_jpeg]),
    }
    stream: Any = StreamingBody(io.BytesIO(body), len(body))
    stub.add_response("invoke_endpoint", {"Body": stream}, params)


def answered_later(calls: Stubber, objects: Stubber, after: int, body: bytes | None = None) -> None:
    """Prepare an accepted request whose answer is in the bucket after so many reads, and is deleted."""
    asked = {
        "EndpointName": NAME,
        "ContentType": "application/json",
        "Accept": "application/json",
        "InferenceId": ANY,
        "RequestTTLSeconds": ANY,
        "InvocationTimeoutSeconds": ANY,
        "Body": request_body([prepare(SAMPLE.read_bytes(), "sample").model_jpeg]),
    }
    calls.add_response("invoke_endpoint_async", PLACES, asked)
    for _ in range(after):
        missing(objects)
    content = answer() if body is None else body
    stream: Any = StreamingBody(io.BytesIO(content), len(content))
    objects.add_response("get_object", {"Body": stream}, ANSWER)
    deleted(objects)


def deleted(objects: Stubber) -> None:
    for place in (ANSWER, FAILURE):
        objects.add_response("delete_object", {}, place)


def test_endpoint_gets_the_services_request(stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    invoked(stub, answer())
    expected = realtime_answers(NAME, runtime)
    assert vocabulary().type.candidates[1] in expected
    assert "demo-000000000000" in expected


def test_invalid_answer_fails(stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    invoked(stub, b"{}")
    with pytest.raises(UserError, match="gives no valid answer") as raised:
        realtime_answers(NAME, runtime)
    assert "/aws/sagemaker/Endpoints/blip2-endpoint" in raised.value.hint


def test_failing_container_fails(stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    stub.add_client_error(
        "invoke_endpoint", "ModelError", "a traceback", 424, modeled_fields={"OriginalStatusCode": 500}
    )
    with pytest.raises(UserError, match="answered ModelError") as raised:
        realtime_answers(NAME, runtime)
    assert "traceback" not in str(raised.value)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(endpoint_checks, "time", clock)
    return clock


def ask(stubbed: Stubbed) -> str:
    (runtime, _), (s3, _) = stubbed("sagemaker-runtime"), stubbed("s3")
    with Steps(Console(file=io.StringIO())) as steps:
        return async_answers(NAME, runtime, s3, BUCKET, steps)


def test_endpoint_at_zero_is_awaited(stubbed: Stubbed, clock: Clock) -> None:
    answered_later(stubbed("sagemaker-runtime")[1], stubbed("s3")[1], after=100)
    assert vocabulary().type.candidates[1] in ask(stubbed)
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
