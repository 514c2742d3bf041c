"""The drill's CloudWatch Logs holds the limits of AWS's API reference: each just within, and just over."""

import json
import random
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from benchmarks.drill.fakes import Journal, entries
from benchmarks.drill_logs import cloudwatch
from benchmarks.drill_logs.cloudwatch import Logs, Refused

NOW_S = 1_790_000_000
NOW = NOW_S * 1000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
STREAM = {"logGroupName": "/vitrine/edge", "logStreamName": "a/b"}


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "cloudwatch.jsonl"


@pytest.fixture
def logs(journal: Path) -> Logs:
    made = Logs({"/vitrine/edge": 30, "/vitrine/week": 7}, Journal(journal), lambda: NOW_S)
    made.call("CreateLogStream", STREAM)
    return made


def put(logs: Logs, *events: tuple[int, str], **other: Any) -> dict[str, Any]:
    listed = [{"timestamp": at, "message": text} for at, text in events]
    return logs.call("PutLogEvents", {**STREAM, "logEvents": listed, **other})


def full(events: int, total: int) -> list[tuple[int, str]]:
    """Return so many events that count as `total` bytes by AWS's rule."""
    messages = ["x"] * (events - 1)
    return [(NOW, text) for text in [*messages, "x" * (total - 27 * (events - 1) - 26)]]


WITHIN = {
    "bytes of a batch": full(3, 1_048_576),
    "one event as large as a batch": [(NOW, "x" * 1_048_550)],
    "bytes, not characters": [(NOW, "é" * 524_275)],
    "events": [(NOW, "x")] * 10_000,
    "equal times": [(NOW, "a"), (NOW, "b")],
    "span": [(NOW - DAY, "a"), (NOW, "b")],
    "span with an event too old": [(NOW - 15 * DAY, "a"), (NOW - DAY, "b"), (NOW, "c")],
}
OVER = {
    "bytes of a batch": full(3, 1_048_577),
    "one event larger than a batch": [(NOW, "x" * 1_048_551)],
    "bytes of an event": [(NOW, "x" * 1_048_577)],
    "bytes, not characters": [(NOW, "é" * 524_276)],
    "events": [(NOW, "x")] * 10_001,
    "no event": [],
    "empty message": [(NOW, "")],
    "order": [(NOW, "a"), (NOW - 1, "b")],
    "span": [(NOW - DAY - 1, "a"), (NOW, "b")],
    "negative time": [(-1, "a")],
}


@pytest.mark.parametrize("events", WITHIN.values(), ids=WITHIN)
def test_batch_within_limits_is_written(logs: Logs, journal: Path, events: list[tuple[int, str]]) -> None:
    put(logs, *events)
    written = entries(journal)[-1]["written"]
    assert written == [list(event) for event in events if event[0] >= NOW - 14 * DAY]


@pytest.mark.parametrize("events", OVER.values(), ids=OVER)
def test_illegal_batch_is_noted(logs: Logs, journal: Path, events: list[tuple[int, str]]) -> None:
    with pytest.raises(Refused) as refused:
        put(logs, *events)
    assert refused.value.code == "InvalidParameterException"
    assert [entry["refused"] for entry in entries(journal)] == ["InvalidParameterException"]


@pytest.mark.parametrize(
    ("at", "info"),
    [
        (NOW - 14 * DAY, {}),
        (NOW - 14 * DAY - 1, {"tooOldLogEventEndIndex": 1}),
        (NOW + 2 * HOUR, {}),
        (NOW + 2 * HOUR + 1, {"tooNewLogEventStartIndex": 0}),
    ],
)
def test_event_outside_the_days_is_rejected(logs: Logs, journal: Path, at: int, info: dict[str, int]) -> None:
    answer = put(logs, (at, "a"))
    assert answer.get("rejectedLogEventsInfo", {}) == info
    assert entries(journal)[-1]["rejected"] == bool(info)


def test_others_of_a_batch_are_written(logs: Logs, journal: Path) -> None:
    answer = put(logs, (NOW - 20 * DAY, "old"), (NOW, "a"), (NOW + 3 * HOUR, "new"))
    assert answer == {"rejectedLogEventsInfo": {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}}
    assert entries(journal)[-1]["written"] == [[NOW, "a"]]


def test_retention_rejects_before_fourteen_days(logs: Logs) -> None:
    week = {"logGroupName": "/vitrine/week", "logStreamName": "a"}
    logs.call("CreateLogStream", week)
    answer = put(logs, (NOW - 7 * DAY - 1, "a"), (NOW - 7 * DAY, "b"), **week)
    assert answer == {"rejectedLogEventsInfo": {"expiredLogEventEndIndex": 1}}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ({"logStreamName": "other"}, "ResourceNotFoundException"),
        ({"logGroupName": "other"}, "ResourceNotFoundException"),
        ({"logStreamName": "a:b"}, "InvalidParameterException"),
        ({"logStreamName": "x" * 513}, "InvalidParameterException"),
    ],
)
def test_stream_must_exist(logs: Logs, name: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        put(logs, (NOW, "a"), **name)
    assert refused.value.code == code


def test_throttled_put_is_still_illegal(logs: Logs) -> None:
    with pytest.raises(Refused) as refused:
        logs.call("PutLogEvents", {**STREAM, "logEvents": []}, throttled=True)
    assert refused.value.code == "InvalidParameterException"


def test_stream_exists_once(logs: Logs) -> None:
    with pytest.raises(Refused, match="already exists"):
        logs.call("CreateLogStream", STREAM)


@pytest.fixture
def client(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0),
        cloudwatch.handler(logs, random.Random(1)),  # noqa: S311 - a drill's faults
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield boto3.client(
        "logs",
        region_name="ca-central-1",
        endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}),
    )
    server.shutdown()
    thread.join()
    server.server_close()


def test_calls_are_throttled(client: Any, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudwatch, "ANSWERS_LOST", 0.0)
    monkeypatch.setattr(cloudwatch, "ANSWERS_FAILED", 0.0)
    throttled = 0
    for number in range(100):
        try:
            client.put_log_events(**STREAM, logEvents=[{"timestamp": NOW, "message": str(number)}])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ThrottlingException"
            throttled += 1
    assert 15 <= throttled <= 45
    assert sum("written" in entry for entry in entries(journal)) == 100 - throttled


def test_lost_answer_was_written(client: Any, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudwatch, "ANSWERS_LOST", 1.0)
    monkeypatch.setattr(cloudwatch, "THROTTLED", 0.0)
    with pytest.raises(ConnectionClosedError):
        client.put_log_events(**STREAM, logEvents=[{"timestamp": NOW, "message": "a"}])
    assert json.loads(journal.read_text().splitlines()[-1])["written"] == [[NOW, "a"]]


def test_failed_answer_was_written(client: Any, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudwatch, "ANSWERS_LOST", 0.0)
    monkeypatch.setattr(cloudwatch, "ANSWERS_FAILED", 1.0)
    monkeypatch.setattr(cloudwatch, "THROTTLED", 0.0)
    with pytest.raises(ClientError) as failed:
        client.put_log_events(**STREAM, logEvents=[{"timestamp": NOW, "message": "a"}])
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert json.loads(journal.read_text().splitlines()[-1])["written"] == [[NOW, "a"]]
