"""Changes of the reports table that become messages, and the answer to the stream."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from mypy_boto3_sqs.client import SQSClient

from services.core.domain.report import Status
from services.core.domain.stored_report import StoredReport
from services.core.storage.rows import row_of, to_item
from services.core.trace import Span
from services.results import outbox
from tests.services.results.queues import taken
from tests.services.results.rows import row


@pytest.fixture
def sqs(aws: None) -> SQSClient:
    return boto3.client("sqs", region_name="ca-central-1")


@pytest.fixture
def queue_url(sqs: SQSClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The webhook queue, named in the function's variables."""
    url = sqs.create_queue(QueueName="webhook")["QueueUrl"]
    monkeypatch.setenv("AWS_REGION", "ca-central-1")
    monkeypatch.setenv("WEBHOOK_QUEUE_URL", url)
    monkeypatch.setattr(outbox, "configure_logging", lambda service: None)
    start = outbox._start  # a test may replace it
    start.cache_clear()
    yield url
    start.cache_clear()


def change(
    old: StoredReport | None, new: StoredReport | None, number: int = 1, name: str | None = None
) -> dict[str, Any]:
    """A record of the stream, as DynamoDB makes it."""
    images = {
        kind: to_item(row_of(stored)) for kind, stored in (("OldImage", old), ("NewImage", new)) if stored
    }
    either = next(iter(images.values()))
    kinds = {("OldImage", "NewImage"): "MODIFY", ("NewImage",): "INSERT", ("OldImage",): "REMOVE"}
    return {
        "eventID": f"event-{number}",
        "eventName": name or kinds[tuple(images)],
        "dynamodb": {
            "Keys": {key: either[key] for key in ("pk", "sk")},
            "SequenceNumber": str(1000 + number),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **images,
        },
    }


def forward(*records: dict[str, Any]) -> list[str]:
    failures = outbox.handle({"Records": list(records)}, None)["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in failures]


@pytest.mark.parametrize("before", [None, Status.QUEUED, Status.RUNNING])
@pytest.mark.parametrize("now", [Status.SUCCEEDED, Status.FAILED])
def test_ended_report_is_sent_by_reference(
    sqs: SQSClient, queue_url: str, before: Status | None, now: Status
) -> None:
    old, new = (row(status, 7, "user#with#signs") if status else None for status in (before, now))
    assert forward(change(old, new)) == []
    assert taken(sqs, queue_url) == [{"owner": "user#with#signs", "report": f"{7:026d}"}]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (None, Status.QUEUED),
        (Status.QUEUED, Status.RUNNING),
        (Status.SUCCEEDED, Status.SUCCEEDED),
        (Status.FAILED, Status.FAILED),
    ],
)
def test_other_changes_are_not_sent(
    sqs: SQSClient, queue_url: str, before: Status | None, now: Status | None
) -> None:
    old, new = (row(status) if status else None for status in (before, now))
    assert forward(change(old, new)) == []
    assert taken(sqs, queue_url) == []


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize("analysis", [None, "2f0c1a58-6c1e-4d0e-9c39-5b1f8f0f3a77"])
def test_removed_report_is_sent_as_erased(
    sqs: SQSClient, queue_url: str, before: Status, analysis: str | None
) -> None:
    removed = change(row(before, 7, key=f"analysis:{analysis}" if analysis else "k1"), None)
    removed["dynamodb"]["OldImage"]["erasing"] = {"BOOL": True}
    assert forward(removed) == []
    (message,) = taken(sqs, queue_url)
    assert isinstance(message.pop("at"), int)
    assert message == {"kind": "erased", "owner": "alice", "report": f"{7:026d}", "analysis": analysis}


def test_expired_report_is_sent_as_erased(sqs: SQSClient, queue_url: str) -> None:
    assert forward(*(change(row(status), None) for status in (Status.SUCCEEDED, Status.FAILED))) == []
    assert [message["kind"] for message in taken(sqs, queue_url)] == ["erased", "erased"]


@pytest.mark.parametrize("before", [Status.QUEUED, Status.RUNNING])
def test_undone_submission_is_not_sent(sqs: SQSClient, queue_url: str, before: Status) -> None:
    assert forward(change(row(before), None)) == []
    assert taken(sqs, queue_url) == []


def test_other_rows_are_skipped(sqs: SQSClient, queue_url: str) -> None:
    record = change(None, row())
    record["dynamodb"]["Keys"]["sk"]["S"] = "key#succeeded"
    assert forward(record) == []
    assert taken(sqs, queue_url) == []


def test_large_batch_is_sent_whole(sqs: SQSClient, queue_url: str) -> None:
    records = [change(None, row(number=number), number) for number in range(25)]
    assert forward(*records) == []
    sent = [message["report"] for message in taken(sqs, queue_url)]
    assert sorted(sent) == [f"{number:026d}" for number in range(25)]


def test_unavailable_queue_repeats_the_stream(
    sqs: SQSClient, queue_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    sqs.delete_queue(QueueUrl=queue_url)
    records = [
        change(None, row(Status.QUEUED), 1),
        *(change(None, row(Status.FAILED, number), number) for number in range(2, 15)),
    ]
    failures = forward(*records)
    assert min(failures, key=int) == "1002"
    assert "outbox unsent" in caplog.text


def test_partial_batch_resumes_at_failure(queue_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Picky:
        """Moto takes every entry."""

        def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
            asked.append(len(Entries))
            failed = [{"Id": "3", "Code": "InternalError", "SenderFault": False}]
            return {"Successful": [], "Failed": failed}

    monkeypatch.setattr(outbox, "_start", lambda: outbox.Outbox(Picky(), queue_url))  # type: ignore[arg-type]
    records = [change(None, row(Status.FAILED, number), number) for number in range(15)]
    assert forward(*records) == ["1003"]
    assert asked == [10]


def traces(sqs: SQSClient, queue_url: str) -> list[str]:
    found = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return [one["MessageAttributes"]["traceparent"]["StringValue"] for one in found["Messages"]]


def test_event_continues_the_rows_trace(
    sqs: SQSClient, queue_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caller = Span.began()
    forward(change(row(Status.QUEUED), replace(row(Status.FAILED), traceparent=caller.traceparent)))
    (line,) = [each.__dict__ for each in caplog.records if each.message == "event queued"]
    assert (line["trace"], line["parent"], line["outcome"]) == (caller.trace, caller.id, "done")
    assert traces(sqs, queue_url) == [f"00-{caller.trace}-{line['span']}-01"]


def test_expired_report_begins_a_trace(sqs: SQSClient, queue_url: str) -> None:
    made = replace(row(Status.SUCCEEDED), traceparent=Span.began().traceparent)
    forward(change(made, None))
    (found,) = traces(sqs, queue_url)
    assert made.traceparent is not None
    assert found[3:35] != made.traceparent[3:35]


def test_erasure_continues_its_own_trace(sqs: SQSClient, queue_url: str) -> None:
    erasing = change(replace(row(Status.SUCCEEDED), traceparent=Span.began().traceparent), None)
    caller = Span.began()
    erasing["dynamodb"]["OldImage"].update(to_item({"erasing": True, "traceparent": caller.traceparent}))
    forward(erasing)
    assert traces(sqs, queue_url)[0][3:35] == caller.trace


def test_missing_variable_is_named(queue_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEBHOOK_QUEUE_URL")
    with pytest.raises(ValueError, match="webhook_queue_url"):
        forward()


def test_message_fits_notify(sqs: SQSClient, queue_url: str) -> None:
    forward(change(None, row(Status.FAILED)))
    (message,) = taken(sqs, queue_url)
    assert json.loads(row().ref.to_json()) == message
