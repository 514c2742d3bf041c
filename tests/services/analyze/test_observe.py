import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.core.telemetry import configure_logging


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


def test_a_request_is_one_line_with_its_stages_and_trace(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], client: TestClient, jpeg: Callable[[], bytes]
) -> None:
    configure_logging("analyze")
    client.post("/analyze", files={"images": jpeg()}, headers={"x-request-id": "r-1"})
    (line,) = [line for line in logged(capsys) if line["message"] == "request"]
    assert (line["service"], line["route"], line["status"]) == ("analyze", "/analyze", 200)
    assert list(line["stages_ms"]) == ["photo", "accept", "model", "narrate"]
    assert line["request_id"] == "r-1"
    assert len(line["trace_id"]) == 32


def test_neither_token_nor_photo_is_logged(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], client: TestClient
) -> None:
    configure_logging("analyze")
    client.post("/analyze", files={"images": b"photo-bytes"}, headers={"Authorization": "Bearer very-secret"})
    client.post("/analyze", files={"images": b"photo-bytes"})
    lines = logged(capsys)
    assert [line["status"] for line in lines] == [401, 415]
    assert "very-secret" not in str(lines)
    assert "photo-bytes" not in str(lines)
