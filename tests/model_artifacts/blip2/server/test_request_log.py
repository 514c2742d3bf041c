"""The server's log lines: by the services' schema, in the trace of the caller."""

import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from benchmarks.log_lines import offences
from model_artifacts.blip2.server.app import BODY_LIMIT, create_app
from model_artifacts.blip2.server.handlers import Answer
from model_artifacts.blip2.server.request_log import JsonLines, span_of

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = {"x-amzn-sagemaker-custom-attributes": f"traceparent=00-{TRACE}-{PARENT}-01"}


@pytest.fixture
def client() -> TestClient:
    """The server around a handler that answers its request with the status in it."""

    def invoke(body: bytes, headers: Mapping[str, str]) -> Answer:
        return Answer(int(body), b"{}", "application/json")

    return TestClient(create_app(invoke), raise_server_exceptions=False)


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        json.loads(JsonLines().format(record)) for record in caplog.records if record.message == "invocation"
    ]


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        (b"200", 200, "done"),
        (b"400", 400, "failed"),
        (b"x", 500, "failed"),
        (bytes(BODY_LIMIT + 1), 413, "failed"),
    ],
)
def test_invocation_continues_the_callers_trace(
    client: TestClient, caplog: pytest.LogCaptureFixture, body: bytes, status: int, outcome: str
) -> None:
    caplog.set_level(logging.INFO)
    assert client.post("/invocations", content=body, headers=CALLER).status_code == status
    (line,) = lines(caplog)
    assert (line["trace"], line["parent"], len(line["span"])) == (TRACE, PARENT, 16)
    assert (line["status"], line["outcome"], line["duration_ms"] >= 0) == (status, outcome, True)
    assert line["service"] == "model"


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "c000b4f9-df62-4c85-a0bf-7c525f9104a4",
        f"traceparent=00-{TRACE}-{PARENT}-01,more",
        f"traceparent=00-{TRACE.upper()}-{PARENT}-01",
        f"traceparent=00-{'0' * 32}-{PARENT}-01",
        f"traceparent=00-{TRACE}-{'0' * 16}-01",
        f"traceparent=ff-{TRACE}-{PARENT}-01",
    ],
)
def test_other_attributes_name_no_trace(attributes: str) -> None:
    assert span_of({"x-amzn-sagemaker-custom-attributes": attributes}) == {}


def test_health_check_is_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.get("/ping")
    assert lines(caplog) == []


def test_error_is_named_with_its_place() -> None:
    try:
        raise ValueError("no\n luck")
    except ValueError:
        record = logging.LogRecord("model", logging.ERROR, __file__, 1, "x" * 999, (), sys.exc_info())
    line = json.loads(JsonLines().format(record))
    assert (line["error"], line["reason"], len(line["message"])) == ("ValueError", "no luck", 200)
    assert line["stack"][-1].endswith("test_error_is_named_with_its_place")


def test_lines_are_valid_by_schema(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.post("/invocations", content=b"200", headers=CALLER)
    client.post("/invocations", content=b"x")
    assert offences(JsonLines().format(record) for record in caplog.records) == []
