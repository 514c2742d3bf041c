"""What was set aside is shown with its reason, and goes round again without being lost."""

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

from cli.dead_letters import Queue
from cli.errors import UserError
from cli.redrive import queues, redrive
from ops import __main__ as commands
from services.core.messaging.consumer import dead_letter
from tests.ops.conftest import Stubbed

URL = "https://sqs.ca-central-1.amazonaws.com/123456789012"
ARN = "arn:aws:sqs:ca-central-1:123456789012"
LETTER = {"owner": "alice", "report": "01J0"}


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[SQSClient]:
    """SQS as an emulator has it: it does not move messages by itself."""
    with mock_aws():
        client: SQSClient = boto3.client("sqs", region_name="ca-central-1")

        def refuse(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "InvalidAction", "Message": "no"}}, "StartMessageMoveTask")

        monkeypatch.setattr(client, "start_message_move_task", refuse)
        yield client


@pytest.fixture
def webhook(sqs: SQSClient) -> Queue:
    url, letters = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("webhook", "webhook-dead"))
    return Queue("webhook", url, letters)


def count(sqs: SQSClient, url: str) -> int:
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(counted["Attributes"]["ApproximateNumberOfMessages"])


def run(sqs: SQSClient, *known: Queue, again: bool = False, asking: bool = False) -> str:
    said = StringIO()
    redrive(sqs, known, Console(file=said, width=160), again=again, asking=asking, sleep=lambda seconds: None)
    return said.getvalue()


def test_letters_are_shown_by_reason_and_stay(sqs: SQSClient, webhook: Queue) -> None:
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


def test_no_letters_are_said_and_nothing_is_asked(sqs: SQSClient, webhook: Queue) -> None:
    assert run(sqs, webhook, again=True, asking=True) == "✓ no dead letters\n"


def test_letters_go_round_again_all_of_them(sqs: SQSClient, webhook: Queue) -> None:
    for number in range(25):
        dead_letter(sqs, webhook.dead_letters_url, json.dumps({**LETTER, "report": str(number)}), "away")
    assert "✓ 25 of webhook sent round again" in run(sqs, webhook, again=True)
    assert count(sqs, webhook.dead_letters_url) == 0
    assert count(sqs, webhook.url) == 25


def test_a_letter_that_cannot_be_sent_is_not_deleted(
    sqs: SQSClient, webhook: Queue, monkeypatch: pytest.MonkeyPatch
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
        run(sqs, webhook, again=True)
    left = sqs.get_queue_attributes(
        QueueUrl=webhook.dead_letters_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    assert sum(map(int, left["Attributes"].values())) == 2
    assert count(sqs, webhook.url) == 1


@pytest.mark.parametrize(("typed", "moved"), [("yes", 1), ("y", 0), ("", 0)])
def test_a_person_is_asked(
    sqs: SQSClient, webhook: Queue, monkeypatch: pytest.MonkeyPatch, typed: str, moved: int
) -> None:
    dead_letter(sqs, webhook.dead_letters_url, json.dumps(LETTER), "away")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: typed)
    run(sqs, webhook, asking=True)
    assert count(sqs, webhook.url) == moved


def test_where_nobody_can_be_asked_nothing_is_sent(
    sqs: SQSClient, webhook: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead_letter(sqs, webhook.dead_letters_url, json.dumps(LETTER), "away")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    assert "say --again" in run(sqs, webhook, asking=True)
    with pytest.raises(UserError, match="Nobody is at the terminal"):
        run(sqs, webhook, again=True, asking=True)
    assert count(sqs, webhook.dead_letters_url) == 1


def test_without_queues_that_is_told(sqs: SQSClient) -> None:
    with pytest.raises(UserError, match="No queue is deployed"):
        run(sqs)


def test_only_queues_that_are_deployed_are_looked_at() -> None:
    outputs = {"JobsQueue": "j", "JobsDeadLetters": "jd", "HooksQueue": "h", "ApiUrl": "https://a"}
    assert queues(outputs) == [Queue("jobs", "j", "jd")]


def letters(stubbed: Stubbed, *moves: dict[str, str]) -> SQSClient:
    """SQS with one dead letter that it moves by itself, and what it says of that one time after the other."""
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
    asked = {"SourceArn": f"{ARN}:dead", "DestinationArn": f"{ARN}:webhook"}
    stub.add_response("start_message_move_task", {"TaskHandle": "t"}, asked)
    for move in moves:
        answer = {"Results": [move]}
        stub.add_response("list_message_move_tasks", answer, {"SourceArn": f"{ARN}:dead", "MaxResults": 1})
    sqs: SQSClient = client
    return sqs


WEBHOOK = Queue("webhook", f"{URL}/webhook", f"{URL}/dead")


def test_sqs_moves_them_by_itself_where_it_can(stubbed: Stubbed) -> None:
    said = run(letters(stubbed, {"Status": "RUNNING"}, {"Status": "COMPLETED"}), WEBHOOK, again=True)
    assert "not read" in said
    assert "✓ 1 of webhook sent round again" in said


def test_a_move_that_sqs_ends_is_told_with_its_reason(stubbed: Stubbed) -> None:
    sqs = letters(stubbed, {"Status": "FAILED", "FailureReason": "CouldNotDetermineMessageSource"})
    with pytest.raises(UserError, match="CouldNotDetermineMessageSource"):
        run(sqs, WEBHOOK, again=True)


def test_the_command_finds_queues_by_the_parameters_that_stacks_publish(
    sqs: SQSClient, webhook: Queue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ssm = boto3.client("ssm", region_name="ca-central-1")
    for name, value in (("webhook-queue", webhook.url), ("webhook-dead-letters", webhook.dead_letters_url)):
        ssm.put_parameter(Name=f"/vitrine/dev/{name}", Value=value, Type="String")
    dead_letter(sqs, webhook.dead_letters_url, json.dumps(LETTER), "answered 500")
    assert commands.main(["redrive", "--env", "dev", "--yes"]) == 0
    assert "answered 500" in capsys.readouterr().out
    assert count(sqs, webhook.dead_letters_url) == 1
