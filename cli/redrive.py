"""`python -m ops redrive`: what was set aside of every queue, why, and round again with it."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from rich.console import Console
from rich.table import Table

from cli.dead_letters import Queue, WithLetters, look
from cli.errors import UserError
from cli.findings import code_of

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import ListMessageMoveTasksResultEntryTypeDef, MessageTypeDef

# The stack outputs that name a queue and its dead letters; a stack that an environment lacks has none.
NAMES = ("Jobs", "Webhook", "Hooks")
# What an emulator says to StartMessageMoveTask.
NO_MOVES = ("InvalidAction", "AWS.SimpleQueueService.UnsupportedOperation", "UnsupportedOperation")
_HIDDEN_S = 60
_PAUSE_S = 2.0


def queues(outputs: Mapping[str, str]) -> list[Queue]:
    """Return the queues that the outputs name."""
    return [
        Queue(name.lower(), outputs[f"{name}Queue"], outputs[f"{name}DeadLetters"])
        for name in NAMES
        if f"{name}Queue" in outputs and f"{name}DeadLetters" in outputs
    ]


def redrive(
    sqs: "SQSClient",
    known: Sequence[Queue],
    console: Console,
    *,
    again: bool,
    asking: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show the dead letters of all queues, and send them round again: `again`, or when a person says so.

    When `asking`, a person at the terminal is asked first. No letter is lost; one may be sent twice.
    Raises DeliveryError where there are no queues, when nobody is there to agree, and when SQS ends a move
    early.
    """
    if not known:
        raise UserError("No queue is deployed there.", hint="Deploy the stacks results and hooks.")
    found = [each for queue in known if (each := look(sqs, queue)).count]
    if not found:
        console.print("✓ no dead letters")
        return
    _show(found, console)
    total = sum(each.count for each in found)
    if asking and not _agrees(total, again):
        console.print("Nothing was sent; say --again to send them round again.")
        return
    if not asking and not again:
        return
    for each in found:
        _send_round(sqs, each, sleep)
        console.print(f"✓ {each.count} of {each.queue.name} sent round again")


def _show(found: Sequence[WithLetters], console: Console) -> None:
    table = Table("queue", "how many", "oldest", "reason", "report")
    for each in found:
        for number, row in enumerate(each.rows):
            table.add_row("" if number else each.queue.name, *row)
    console.print(table)


def _agrees(total: int, again: bool) -> bool:
    if not sys.stdin.isatty():
        if again:
            raise UserError("Nobody is at the terminal to be asked.", hint="Say --yes (make: YES=1).")
        return False
    return input(f"Send {total} round again? Type yes: ").strip().lower() == "yes"


def _send_round(sqs: "SQSClient", letters: WithLetters, sleep: Callable[[float], None]) -> None:
    source, target = (_arn(sqs, url) for url in (letters.queue.dead_letters_url, letters.queue.url))
    try:
        # The target is named: what a function set aside itself came from no queue that SQS knows of.
        sqs.start_message_move_task(SourceArn=source, DestinationArn=target)
    except ClientError as error:
        if code_of(error) not in NO_MOVES:
            raise
        _carry(sqs, letters)
        return
    while (task := _newest_move(sqs, source)).get("Status") == "RUNNING":
        sleep(_PAUSE_S)
    if task.get("Status") != "COMPLETED":
        reason = task.get("FailureReason", "it does not say why")
        raise UserError(
            f"SQS stopped moving dead letters of {letters.queue.name}: {reason}.",
            hint="Run the same command again: what was not moved is still there.",
        )


def _newest_move(sqs: "SQSClient", source: str) -> "ListMessageMoveTasksResultEntryTypeDef":
    return sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]


def _arn(sqs: "SQSClient", url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _carry(sqs: "SQSClient", letters: WithLetters) -> None:
    """Send each and only then delete it; no more than were counted, since what fails at once comes back."""
    left = letters.count
    while left > 0 and (messages := _receive(sqs, letters.queue.dead_letters_url, left)):
        left -= len(messages)
        for message in messages:
            sqs.send_message(QueueUrl=letters.queue.url, MessageBody=message["Body"])
            sqs.delete_message(
                QueueUrl=letters.queue.dead_letters_url, ReceiptHandle=message["ReceiptHandle"]
            )


def _receive(sqs: "SQSClient", url: str, most: int) -> "list[MessageTypeDef]":
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=min(10, most), VisibilityTimeout=_HIDDEN_S)
    return answer.get("Messages", [])
