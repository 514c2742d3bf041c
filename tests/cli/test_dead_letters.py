"""Dead letters are shown with their reasons and sent again without loss."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from mypy_boto3_sqs.client import SQSClient
from rich.console import Console

from cli.dead_letters import QueueAddresses, queues, redrive
from cli.errors import UserError
from services.core.messaging.consumer import dead_letter
from services.core.trace import hop
from tests.ops.conftest import Stubbed

URL = "https://sqs.ca-central-1.amazonaws.com/123456789012"
ARN = "arn:aws:sqs:ca-central-1:123456789012"
LETTER = {"owner": "alice", "report": "01J0"}


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[SQSClient]:
    """SQS as emulators have it: without message move tasks."""
    with mock_aws():
        client: SQSClient = boto3.client("sqs", region_name="ca-central-1")

        def refuse(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "InvalidAction", "Message": "no"}}, "StartMessageMoveTask")

        monkeypatch.setattr(client, "start_message_move_task", refuse)
        yield client


@pytest.fixture
def webhook(sqs: SQSClient) -> QueueAddresses:
    url, letters = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("webhook", "webhook-dead"))
    return QueueAddresses("webhook", url, letters)


def count(sqs: SQSClient, url: str) -> int:
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(counted["Attributes"]["ApproximateNumberOfMessages"])


def run(sqs: SQSClient, *known: QueueAddresses, send: bool = False, confirm: bool = False) -> str:
    out = StringIO()
    redrive(sqs, known, Console(file=out, width=160), send=send, confirm=confirm)
    return out.getvalue()


def test_letters_are_shown_by_reason(sqs: SQSClient, webhook: QueueAddresses) -> None:
    for report in ("01J0", "01J1"):
        body = json.dumps({**LETTER, "report": report})
        dead_letter(sqs, webhook.dead_letters_url, body, "11 attempts; the last: answered 500")
    sqs.send_message(QueueUrl=webhook.dead_letters_url, MessageBody='{"inferenceId": "01J2"}')
    sqs.send_message(QueueUrl=webhook.dead_letters_url, MessageBody="not JSON")
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")] for line in run(sqs, webhook).splitlines()[3:-1]
    ]
    assert [[row[0], row[1], row[2], row[3]] for row in rows] == [
        ["webhook", "2", "0 min", "11 attempts; the last: answered 500"],
        ["", "2", "0 min", "too many attempts"],
    ]
    assert "and 1 more" in rows[0][4]
    assert rows[1][4] == "01J2"
    assert count(sqs, webhook.dead_letters_url) == 4


def test_no_letters_need_no_confirmation(sqs: SQSClient, webhook: QueueAddresses) -> None:
    assert run(sqs, webhook, send=True, confirm=True) == "✓ no dead letters\n"


def test_all_letters_are_sent_again(sqs: SQSClient, webhook: QueueAddresses) -> None:
    for number in range(25):
        dead_letter(sqs, webhook.dead_letters_url, json.dumps({**LETTER, "report": str(number)}), "away")
    assert "✓ 25 of webhook sent again" in run(sqs, webhook, send=True)
    assert count(sqs, webhook.dead_letters_url) == 0
    assert count(sqs, webhook.url) == 25


def test_letter_sent_again_continues_its_trace(sqs: SQSClient, webhook: QueueAddresses) -> None:
    with hop(None) as failed:
        dead_letter(sqs, webhook.dead_letters_url, json.dumps(LETTER), "away")
    run(sqs, webhook, send=True)
    (again,) = sqs.receive_message(QueueUrl=webhook.url, MessageAttributeNames=["All"])["Messages"]
    assert again["MessageAttributes"].keys() == {"traceparent"}
    assert again["MessageAttributes"]["traceparent"]["StringValue"] == failed.traceparent


def test_unsent_letter_is_not_deleted(
    sqs: SQSClient, webhook: QueueAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        dead_letter(sqs, webhook.dead_letters_url, json.dumps({**LETTER, "report": str(number)}), "away")
    send = sqs.send_message
    sent: list[Any] = []

    def send_once(**message: Any) -> Any:
        if sent:
            raise ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "no"}}, "SendMessage")
        sent.append(message)
        return send(**message)

    monkeypatch.setattr(sqs, "send_message", send_once)
    with pytest.raises(ClientError):
        run(sqs, webhook, send=True)
    left = sqs.get_queue_attributes(
        QueueUrl=webhook.dead_letters_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    assert sum(map(int, left["Attributes"].values())) == 2
    assert count(sqs, webhook.url) == 1


@pytest.mark.parametrize(("typed", "moved"), [("yes", 1), ("y", 0), ("", 0)])
def test_only_yes_sends_letters(
    sqs: SQSClient, webhook: QueueAddresses, monkeypatch: pytest.MonkeyPatch, typed: str, moved: int
) -> None:
    dead_letter(sqs, webhook.dead_letters_url, json.dumps(LETTER), "away")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: typed)
    run(sqs, webhook, confirm=True)
    assert count(sqs, webhook.url) == moved


def test_without_terminal_nothing_is_sent(
    sqs: SQSClient, webhook: QueueAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead_letter(sqs, webhook.dead_letters_url, json.dumps(LETTER), "away")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    assert "pass --again" in run(sqs, webhook, confirm=True)
    with pytest.raises(UserError, match="There is no terminal"):
        run(sqs, webhook, send=True, confirm=True)
    assert count(sqs, webhook.dead_letters_url) == 1


def test_missing_queues_are_reported(sqs: SQSClient) -> None:
    with pytest.raises(UserError, match="No queue is deployed"):
        run(sqs)


def test_only_deployed_queues_are_read() -> None:
    outputs = {"JobsQueue": "j", "JobsDeadLetters": "jd", "HooksQueue": "h", "ApiUrl": "https://a"}
    assert queues(outputs) == [QueueAddresses("jobs", "j", "jd")]


def letters(stubbed: Stubbed, *moves: dict[str, str]) -> SQSClient:
    """SQS with one dead letter and message move tasks, whose states follow one another."""
    client, stub = stubbed("sqs")
    dead = {"QueueUrl": f"{URL}/dead"}
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counted = {"Attributes": dict(zip(names, ("1", "0"), strict=True))}
    stub.add_response("get_queue_attributes", counted, {**dead, "AttributeNames": names})
    stub.add_response("receive_message", {})
    for name in ("dead", "webhook"):
        arn = {"Attributes": {"QueueArn": f"{ARN}:{name}"}}
        stub.add_response(
            "get_queue_attributes", arn, {"QueueUrl": f"{URL}/{name}", "AttributeNames": ["QueueArn"]}
        )
    params = {"SourceArn": f"{ARN}:dead", "DestinationArn": f"{ARN}:webhook"}
    stub.add_response("start_message_move_task", {"TaskHandle": "t"}, params)
    for move in moves:
        answer = {"Results": [move]}
        stub.add_response("list_message_move_tasks", answer, {"SourceArn": f"{ARN}:dead", "MaxResults": 1})
    sqs: SQSClient = client
    return sqs


WEBHOOK = QueueAddresses("webhook", f"{URL}/webhook", f"{URL}/dead")


def test_sqs_moves_letters_where_it_can(stubbed: Stubbed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    out = run(letters(stubbed, {"Status": "RUNNING"}, {"Status": "COMPLETED"}), WEBHOOK, send=True)
    assert "not read" in out
    assert "✓ 1 of webhook sent again" in out


def test_failed_move_reports_its_reason(stubbed: Stubbed) -> None:
    sqs = letters(stubbed, {"Status": "FAILED", "FailureReason": "CouldNotDetermineMessageSource"})
    with pytest.raises(UserError, match="CouldNotDetermineMessageSource"):
        run(sqs, WEBHOOK, send=True)
