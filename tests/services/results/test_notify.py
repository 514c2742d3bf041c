"""What the receiver is told, how often, and what becomes of an event that nobody takes."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
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
from services.core.storage.reports import Reports
from services.core.storage.rows import to_item
from services.results.notify import LONGEST_PAUSE_S, Notify
from services.results.receiver import Receiver
from services.results.signing_secret import SigningSecret
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
    notify: Notify

    def keep(self, stored: StoredReport) -> dict[str, str]:
        """Keep a report as it is; returns the message that names it."""
        self.dynamodb.put_item(TableName=TABLE, Item=to_item(stored.row()))
        return {"owner": stored.owner, "report": stored.report.id}

    def deliver(self, *bodies: object, attempt: int = 1) -> list[str]:
        """Deliver messages; returns the numbers of those that come again."""
        messages = [
            Message(str(number), "handle", body if isinstance(body, str) else json.dumps(body), attempt)
            for number, body in enumerate(bodies)
        ]
        return asyncio.run(self.notify.deliver(messages))

    def dead_letter(self) -> list[str]:
        """The reasons of what was set aside."""
        found = self.sqs.receive_message(
            QueueUrl=self.dead_letters_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [one["MessageAttributes"]["reason"]["StringValue"] for one in found.get("Messages", [])]


@pytest.fixture
def post(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    sqs: SQSClient = boto3.client("sqs", region_name=REGION)
    secrets: SecretsManagerClient = boto3.client("secretsmanager", region_name=REGION)
    secrets.create_secret(Name="webhook", SecretString=OLD)
    queue, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("webhook", "dead"))
    pauses: list[int] = []
    monkeypatch.setattr(
        sqs, "change_message_visibility", lambda **named: pauses.append(named["VisibilityTimeout"])
    )
    with running_receiver() as receiver:
        notify = Notify(
            Reports(dynamodb, TABLE, quota_per_day=1),
            Receiver(receiver.url, SigningSecret(secrets, "webhook")),
            sqs,
            queue,
            dead,
        )
        yield Post(dynamodb, sqs, secrets, receiver, queue, dead, pauses, notify)


def test_the_receiver_is_told_of_an_ended_report_under_our_signature(post: Post) -> None:
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
def test_a_failure_is_told_too_and_a_report_of_nobodys_row_has_none(post: Post, key: str | None) -> None:
    assert post.deliver(post.keep(row(Status.FAILED, key=key))) == []
    event = json.loads(post.receiver.received[0].body)
    assert (event["type"], event["data"]["analysis"]) == ("report.failed", None)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
def test_a_report_that_has_not_ended_is_not_told(post: Post, status: Status) -> None:
    assert post.deliver(post.keep(row(status))) == []
    assert post.receiver.received == []


def test_an_erased_report_is_told_to_nobody(post: Post) -> None:
    assert post.deliver({"owner": "alice", "report": "0" * 26}) == []
    assert post.receiver.received == []


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
def test_what_is_not_taken_comes_again_ever_later(post: Post, status: int) -> None:
    post.receiver.statuses = [status]
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
    assert str(status) in reason


def test_a_receiver_that_says_when_is_left_alone_until_then(post: Post) -> None:
    post.receiver.statuses, post.receiver.headers = [503], {"Retry-After": "7000"}
    assert post.deliver(post.keep(row())) == ["0"]
    assert post.pauses == [7000]


def test_a_receiver_that_is_gone_is_told_no_more(post: Post) -> None:
    post.receiver.statuses = [410]
    assert post.deliver(post.keep(row())) == []
    assert post.dead_letter() == []


def test_one_that_is_not_taken_holds_up_no_other(post: Post) -> None:
    post.receiver.statuses = [500, 204]
    named = [post.keep(row(number=number)) for number in (1, 2)]
    assert len(post.deliver(*named)) == 1


def test_a_changed_key_is_read_anew_when_the_old_one_is_refused(post: Post) -> None:
    assert post.deliver(post.keep(row())) == []
    post.secrets.put_secret_value(SecretId="webhook", SecretString=f"{NEW} {OLD}")
    post.receiver.statuses = [401, 204]
    assert post.deliver(post.keep(row(number=2))) == []
    received = post.receiver.received[-1]
    for key in (OLD, NEW):
        SigningKeys.parse(key, "test").verify(received.body, received.headers)


def test_a_receiver_that_is_not_there_is_tried_again(post: Post) -> None:
    post.notify._receiver = Receiver("http://127.0.0.1:9/", SigningSecret(post.secrets, "webhook"))
    assert post.deliver(post.keep(row())) == ["0"]
    assert post.deliver(post.keep(row()), attempt=99) == []
    assert "not reached" in post.dead_letter()[0]


@pytest.mark.parametrize("secret", ["", "whsec_", "nonsense", f"{OLD} {OLD} {OLD}"])
def test_a_secret_that_is_none_delivers_nothing_and_is_not_quoted(
    post: Post, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    post.secrets.put_secret_value(SecretId="webhook", SecretString=secret or " ")
    assert post.deliver(post.keep(row())) == ["0"]
    assert post.receiver.received == []
    assert "whsec_aaa" not in caplog.text


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"owner": "a"}', '{"owner": 1, "report": 2}'])
def test_what_names_no_report_is_set_aside_with_its_reason(post: Post, body: str) -> None:
    assert post.deliver(body) == []
    assert "names an owner and a report" in post.dead_letter()[0]


def test_without_a_receiver_nothing_is_told(post: Post) -> None:
    post.notify._receiver = None
    assert post.deliver(post.keep(row())) == []


def test_a_store_that_is_away_brings_the_event_again(post: Post) -> None:
    named: Any = post.keep(row())
    post.dynamodb.delete_table(TableName=TABLE)
    assert post.deliver(named) == ["0"]
