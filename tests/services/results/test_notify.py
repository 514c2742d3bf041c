"""Delivery of events: what is sent, how often, and what becomes of an event that is not accepted."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient
from mypy_boto3_secretsmanager.client import SecretsManagerClient
from mypy_boto3_sqs.client import SQSClient

from services.core.auth.signing import SigningKeys
from services.core.domain.report import Status
from services.core.domain.stored_report import StoredReport
from services.core.domain.timing import PRODUCTION
from services.core.messaging.consumer import Message
from services.core.secrets import REREAD_AFTER_S, Secret
from services.core.storage.reports import Reports
from services.core.storage.rows import row_of, to_item
from services.core.trace import Span, parse
from services.results.notify import LONGEST_PAUSE_S, Notify
from services.results.webhook import Receiver
from tests.services.conftest import TABLE
from tests.services.results.rows import row
from tests.services.results.webhook_receiver import WebhookReceiver, running_receiver

REGION = "ca-central-1"
ANALYSIS = "2f0c1a58-6c1e-4d0e-9c39-5b1f8f0f3a77"
OLD, NEW = (f"whsec_{letter * 32}" for letter in "ab")


@dataclass
class Post:
    """The function over a table, a queue and a receiver, and the pauses that it asks the queue for."""

    dynamodb: DynamoDBClient
    sqs: SQSClient
    secrets: SecretsManagerClient
    receiver: WebhookReceiver
    queue_url: str
    dead_letters_url: str
    pauses: list[int]
    now: list[float]
    notify: Notify

    def keep(self, stored: StoredReport) -> dict[str, str]:
        """Store a report as it is; returns the message that names it."""
        self.dynamodb.put_item(TableName=TABLE, Item=to_item(row_of(stored)))
        return {"owner": stored.owner, "report": stored.report.id}

    def deliver(self, *bodies: object, attempt: int = 1) -> list[str]:
        """Deliver messages; returns the numbers of those that stay in the queue."""
        messages = [
            Message(str(number), "handle", body if isinstance(body, str) else json.dumps(body), attempt)
            for number, body in enumerate(bodies)
        ]
        return asyncio.run(self.notify.deliver(messages))

    def dead_letter(self) -> list[str]:
        """The reasons of the dead letters."""
        found = self.sqs.receive_message(
            QueueUrl=self.dead_letters_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [one["MessageAttributes"]["reason"]["StringValue"] for one in found.get("Messages", [])]


def signing_keys(secrets: SecretsManagerClient, now: list[float]) -> Secret[SigningKeys]:
    keys = Secret.named(secrets, "webhook", partial(SigningKeys.parse, source="webhook"))
    keys._clock = lambda: now[0]
    return keys


@pytest.fixture
def post(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    sqs: SQSClient = boto3.client("sqs", region_name=REGION)
    secrets: SecretsManagerClient = boto3.client("secretsmanager", region_name=REGION)
    secrets.create_secret(Name="webhook", SecretString=OLD)
    queue, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("webhook", "dead"))
    pauses: list[int] = []
    now = [1000.0]
    monkeypatch.setattr(
        sqs, "change_message_visibility", lambda **named: pauses.append(named["VisibilityTimeout"])
    )
    with running_receiver() as receiver:
        notify = Notify(
            Reports(dynamodb, TABLE, quota_per_day=1),
            Receiver(receiver.url, signing_keys(secrets, now)),
            sqs,
            queue,
            dead,
        )
        yield Post(dynamodb, sqs, secrets, receiver, queue, dead, pauses, now, notify)


def test_ended_report_is_delivered_signed(post: Post) -> None:
    named = post.keep(row(key=f"analysis:{ANALYSIS}", description="a mug"))
    assert post.deliver(named) == []
    (received,) = post.receiver.received
    assert SigningKeys.parse(OLD, "test").verify(received.body, received.headers) == f"msg_{named['report']}"
    event = json.loads(received.body)
    assert event["type"] == "report.succeeded"
    assert event["timestamp"].endswith("Z")
    assert (event["data"]["owner"], event["data"]["analysis"]) == ("alice", ANALYSIS)
    assert event["data"]["report"]["description"] == "a mug"


@pytest.mark.parametrize("key", [None, "k1", "analysis:", "analysis:mine", f"analysis:{ANALYSIS}2"])
def test_failed_report_without_analysis_is_delivered(post: Post, key: str | None) -> None:
    assert post.deliver(post.keep(row(Status.FAILED, key=key))) == []
    event = json.loads(post.receiver.received[0].body)
    assert (event["type"], event["data"]["analysis"]) == ("report.failed", None)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
def test_unended_report_is_not_delivered(post: Post, status: Status) -> None:
    assert post.deliver(post.keep(row(status))) == []
    assert post.receiver.received == []


@pytest.mark.parametrize("analysis", [None, ANALYSIS])
def test_erasure_is_delivered_signed(post: Post, analysis: str | None) -> None:
    erased = {"kind": "erased", "owner": "alice", "report": "0" * 26, "analysis": analysis, "at": 1764075600}
    assert post.deliver(erased) == []
    (received,) = post.receiver.received
    signed = SigningKeys.parse(OLD, "test").verify(received.body, received.headers)
    assert signed == f"msg_{'0' * 26}_erased"
    assert json.loads(received.body) == {
        "type": "report.erased",
        "timestamp": "2025-11-25T13:00:00Z",
        "data": {"owner": "alice", "analysis": analysis, "report": {"id": "0" * 26}},
    }


def test_unreachable_receiver_gets_the_erasure_later(post: Post) -> None:
    erased = {"kind": "erased", "owner": "alice", "report": "0" * 26, "analysis": None, "at": 1764075600}
    post.receiver.statuses = [503, 200]
    assert post.deliver(erased) == ["0"]
    assert post.deliver(erased, attempt=2) == []


@pytest.mark.parametrize("content", [{"kind": "other"}, {"kind": "erased"}, {"kind": "erased", "at": "x"}])
def test_unknown_event_is_dead_lettered(post: Post, content: dict[str, str]) -> None:
    assert post.deliver({"owner": "alice", "report": "0" * 26, **content}) == []
    assert len(post.dead_letter()) == 1


def test_erased_report_is_not_delivered(post: Post) -> None:
    assert post.deliver({"owner": "alice", "report": "0" * 26}) == []
    assert post.receiver.received == []


def test_event_carries_the_trace(post: Post) -> None:
    caller = Span.began()
    body = json.dumps(post.keep(row(Status.SUCCEEDED)))
    asyncio.run(post.notify.deliver([Message("0", "handle", body, 1, caller.traceparent)]))
    (received,) = post.receiver.received
    sent = parse(received.headers["traceparent"])
    assert sent is not None
    assert (sent.trace, sent.id != caller.id) == (caller.trace, True)


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500])
def test_refused_event_is_retried(post: Post, status: int) -> None:
    post.receiver.statuses = [status]
    named = post.keep(row())
    assert post.deliver(named, attempt=1) == ["0"]
    assert post.deliver(named, attempt=len(PRODUCTION.webhook_pauses_s) + 1) == []
    (reason,) = post.dead_letter()
    assert str(status) in reason


def test_undelivered_event_is_retried_with_backoff(post: Post) -> None:
    post.receiver.statuses = [503]
    named = post.keep(row())
    for attempt in range(1, len(PRODUCTION.webhook_pauses_s) + 1):
        assert post.deliver(named, attempt=attempt) == ["0"]
    assert len(post.receiver.received) == len(PRODUCTION.webhook_pauses_s)
    for pause, planned in zip(post.pauses, PRODUCTION.webhook_pauses_s, strict=True):
        assert 0.8 * planned <= pause <= min(LONGEST_PAUSE_S, 1.2 * planned)
    assert {received.headers["webhook-id"] for received in post.receiver.received} == {
        f"msg_{named['report']}"
    }
    assert post.deliver(named, attempt=len(PRODUCTION.webhook_pauses_s) + 1) == []
    (reason,) = post.dead_letter()
    assert "503" in reason


def test_retry_after_is_respected(post: Post) -> None:
    post.receiver.statuses, post.receiver.headers = [503], {"Retry-After": "7000"}
    assert post.deliver(post.keep(row())) == ["0"]
    assert post.pauses == [7000]


def test_gone_receiver_drops_the_event(post: Post) -> None:
    post.receiver.statuses = [410]
    assert post.deliver(post.keep(row())) == []
    assert post.dead_letter() == []


def test_failed_event_delays_no_other(post: Post) -> None:
    post.receiver.statuses = [500, 204]
    named = [post.keep(row(number=number)) for number in (1, 2)]
    assert len(post.deliver(*named)) == 1


def test_rotated_key_is_taken_up(post: Post) -> None:
    assert post.deliver(post.keep(row())) == []
    post.secrets.put_secret_value(SecretId="webhook", SecretString=f"{NEW} {OLD}")
    post.receiver.statuses = [401, 204]
    post.now[0] += REREAD_AFTER_S
    assert post.deliver(post.keep(row(number=2))) == []
    received = post.receiver.received[-1]
    for key in (OLD, NEW):
        SigningKeys.parse(key, "test").verify(received.body, received.headers)


def test_unreachable_receiver_is_retried(post: Post) -> None:
    post.notify._receiver = Receiver("http://127.0.0.1:9/", signing_keys(post.secrets, post.now))
    assert post.deliver(post.keep(row())) == ["0"]
    assert post.deliver(post.keep(row()), attempt=99) == []
    assert "not reached" in post.dead_letter()[0]


@pytest.mark.parametrize("secret", ["", "whsec_", "nonsense", f"{OLD} {OLD} {OLD}"])
def test_invalid_secret_delivers_nothing(post: Post, secret: str, caplog: pytest.LogCaptureFixture) -> None:
    post.secrets.put_secret_value(SecretId="webhook", SecretString=secret or " ")
    assert post.deliver(post.keep(row())) == ["0"]
    assert post.receiver.received == []
    assert "whsec_aaa" not in caplog.text


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"owner": "a"}', '{"owner": 1, "report": 2}'])
def test_malformed_message_is_dead_lettered(post: Post, body: str) -> None:
    assert post.deliver(body) == []
    assert "names an owner and a report" in post.dead_letter()[0]


def test_without_receiver_events_are_dropped(post: Post) -> None:
    post.notify._receiver = None
    assert post.deliver(post.keep(row())) == []


def test_unavailable_store_retries_the_event(post: Post) -> None:
    named: Any = post.keep(row())
    post.dynamodb.delete_table(TableName=TABLE)
    assert post.deliver(named) == ["0"]
