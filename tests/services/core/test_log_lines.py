"""What a log line holds, and what never reaches it."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.log_lines import faults
from services.core.telemetry import add_context, configure_logging, log_context, user_hash

CANARY = "canary-5e1f"


class Written:
    """What this process has written to standard output since its logging was configured."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setenv("ENVIRONMENT", "shop")
    monkeypatch.setenv("VERSION", "0123456789ab")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("analyze")
    token = log_context.set(None)
    yield Written(stream)
    log_context.reset(token)
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def ours() -> logging.Logger:
    # Not below "services": these tests log what the rest of the suite must not.
    return logging.getLogger("services")


@pytest.fixture(autouse=True)
def _wrong_on_purpose(_lines_of_tests: Any) -> Iterator[None]:
    yield
    _lines_of_tests.wrong.clear()


def test_line_names_its_deployment(written: Written) -> None:
    ours().info("request")
    (line,) = written.lines
    assert (line["service"], line["environment"], line["version"]) == ("analyze", "shop", "0123456789ab")
    assert list(faults(json.dumps(line))) == []


def test_unlisted_field_is_left_out(written: Written) -> None:
    ours().info("request", extra={"authorization": CANARY, "status": 200})
    (line,) = written.lines
    assert (line["status"], line["dropped"]) == (200, 1)
    assert CANARY not in json.dumps(line)


def test_long_text_is_cut(written: Written) -> None:
    ours().info("request", extra={"reason": "x" * 10_000})
    assert len(written.lines[0]["reason"]) == 500


def test_exception_text_is_left_out(written: Written) -> None:
    try:
        try:
            int(CANARY)
        except ValueError as error:
            raise KeyError(CANARY) from error
    except KeyError:
        ours().exception("message failed")
    (line,) = written.lines
    assert line["error"] == "KeyError"
    assert "ValueError" in line["stack"]
    assert any("test_exception_text_is_left_out" in place for place in line["stack"])
    assert CANARY not in json.dumps(line)


def test_grouped_and_endless_causes_end(written: Written) -> None:
    first, second = ValueError(CANARY), TypeError(CANARY)
    first.__cause__, second.__cause__ = second, first
    ours().error("failed", exc_info=ExceptionGroup(CANARY, [first, OSError(CANARY)]))
    stack = written.lines[0]["stack"]
    assert {"ExceptionGroup", "ValueError", "TypeError", "OSError"} <= set(stack)
    assert CANARY not in str(stack)


def test_deep_stack_stays_valid(written: Written) -> None:
    def descend(depth: int) -> None:
        if depth:
            descend(depth - 1)
        raise RecursionError(CANARY)

    try:
        descend(200)
    except RecursionError:
        ours().exception("message failed")
    assert list(faults(json.dumps(written.lines[0]))) == []


@pytest.mark.parametrize(
    ("logger", "message", "values", "said"),
    [
        ("uvicorn.error", "Started server process [%d]", (7,), "Started server process [%d]"),
        ("uvicorn.error", "Application startup complete.", (), "Application startup complete."),
        ("urllib3", "Retrying %s", (CANARY,), "Retrying %s"),
        ("asyncio", f"Task exception was never retrieved\nfuture: {CANARY}", (), "Task exception was never"),
        ("asyncio", f"Exception in callback done('{CANARY}')", (), "Exception in callback done"),
        ("openai", f"failed for {CANARY}", (), "services/core/test_log_lines.py:"),
        ("openai", "%s", (CANARY,), "services/core/test_log_lines.py:"),
    ],
)
def test_other_libraries_values_are_left_out(
    written: Written, logger: str, message: str, values: tuple[object, ...], said: str
) -> None:
    logging.getLogger(logger).warning(message, *values, extra={"body": CANARY})
    (line,) = written.lines
    assert line["message"].startswith(said)
    assert CANARY not in json.dumps(line)
    assert list(faults(json.dumps(line))) == []


def test_warning_is_its_place_and_kind(written: Written) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(True)
        warnings.warn(CANARY, stacklevel=1)
    (line,) = written.lines
    assert line["message"].endswith("UserWarning")
    assert CANARY not in json.dumps(line)


def test_unwritable_line_prints_nothing(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    written.stream.close()
    ours().error("message failed", extra={"reason": CANARY})
    assert CANARY not in capsys.readouterr().err


def test_uncaught_errors_are_lines(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError(CANARY)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError(CANARY), None)
    assert [line["message"] for line in written.lines] == ["uncaught error"] * 2
    assert CANARY not in written.stream.getvalue() + capsys.readouterr().err


def test_context_is_on_every_line(written: Written) -> None:
    add_context(report="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    add_context(user=user_hash("alice", "key"))
    ours().info("request")
    (line,) = written.lines
    assert line["report"] == "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert list(faults(json.dumps(line))) == []


def test_user_hash_depends_on_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER_HASH_KEY", "one")
    assert user_hash("alice") == user_hash("alice", "one")
    assert len({user_hash("alice"), user_hash("alice", "two"), user_hash("bob")}) == 3
