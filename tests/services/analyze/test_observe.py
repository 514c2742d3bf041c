import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.core.storage.reports import Reports
from services.core.telemetry import configure_logging
from tests.embedded_metrics import extracted


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_request_is_one_log_line(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], client: TestClient, jpeg: Callable[[], bytes]
) -> None:
    configure_logging("analyze")
    client.post("/analyze", files={"images": jpeg()}, headers={"x-request-id": "r-1"})
    (line,) = [line for line in logged(capsys) if line["message"] == "request"]
    assert (line["service"], line["route"], line["status"]) == ("analyze", "/analyze", 200)
    assert list(line["stages_ms"]) == ["photo", "accept", "model", "narrate"]
    assert line["request"] == "r-1"
    assert len(line["trace"]) == 32


@pytest.mark.parametrize(("headers", "continued"), [(1, True), (2, False)])
def test_one_traceparent_is_continued(client: TestClient, headers: int, continued: bool) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    sent = [("traceparent", f"00-{trace}-00f067aa0ba902b7-01")] * headers
    problem = client.get("/reports/x", headers=sent).json()
    assert (problem["trace_id"] == trace) is continued


def test_token_and_photo_are_not_logged(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], client: TestClient
) -> None:
    configure_logging("analyze")
    client.post("/analyze", files={"images": b"photo-bytes"}, headers={"Authorization": "Bearer very-secret"})
    client.post("/analyze", files={"images": b"photo-bytes"})
    lines = logged(capsys)
    assert [line["status"] for line in lines] == [401, 415]
    assert "very-secret" not in str(lines)
    assert "photo-bytes" not in str(lines)


def test_client_disconnect_is_not_an_error(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], client: TestClient
) -> None:
    configure_logging("analyze")
    arriving = iter(
        [{"type": "http.request", "body": b"--x", "more_body": True}, {"type": "http.disconnect"}]
    )
    headers = [
        (b"authorization", b"Bearer token-of-alice"),
        (b"content-type", b"multipart/form-data; boundary=x"),
    ]
    scope = {"type": "http", "method": "POST", "path": "/analyze", "query_string": b"", "headers": headers}

    async def receive() -> Any:
        return next(arriving)

    async def send(_: Any) -> None:
        pass

    assert client.portal is not None
    client.portal.call(client.app, scope, receive, send)
    (line,) = logged(capsys)
    assert (line["level"], line["status"]) == ("INFO", 499)


def test_report_is_named_with_its_user(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], client: TestClient, jpeg: Callable[[], bytes]
) -> None:
    configure_logging("analyze")
    report = client.post("/analyze", files={"images": jpeg()}).json()["id"]
    client.get(f"/reports/{report}")
    lines = logged(capsys)
    about = [line for line in lines if line["message"] in ("request", "report ended")]
    assert [line["message"] for line in about] == ["report ended", "request", "request"]
    assert {line["report"] for line in about} == {report}
    (user,) = {line["user"] for line in about}
    assert len(user) == 16


def test_unknown_words_of_a_request_are_not_logged(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], client: TestClient
) -> None:
    configure_logging("analyze")
    client.request("CANARY", "/reports/canary?canary=canary", headers={"x-request-id": "a canary"})
    client.get("/canary/canary")
    client.get("/reports/canary")
    lines = logged(capsys)
    assert len(lines) == 3
    assert "canary" not in str(lines).lower()


def test_server_error_is_a_metric(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], client: TestClient, monkeypatch: Any
) -> None:
    configure_logging("analyze")

    def fail(*_: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(Reports, "page", fail)
    unraised = TestClient(client.app, raise_server_exceptions=False)
    assert unraised.get("/reports", headers=dict(client.headers)).status_code == 500
    text = capsys.readouterr().out
    assert "canary" not in text
    request = next(line for line in text.splitlines() if json.loads(line)["message"] == "request")
    assert extracted(request)["ServerErrors"][:2] == (1, "Count")
