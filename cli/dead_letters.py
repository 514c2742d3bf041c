"""The command `redrive` of ops and local: shows the dead letters of every queue and sends them again."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from rich.table import Table

from cli.entry import ask
from cli.errors import UserError, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef
    from rich.console import Console

# The stack outputs <name>Queue and <name>DeadLetters hold a queue's addresses.
QUEUES = ("Jobs", "Webhook", "Hooks", "Logs")
NO_REASON = "too many attempts"
# The attribute by which the consumer continues the letter's trace.
_TRACE = "traceparent"
# At most this many letters of a queue are read for their reasons; all are counted.
_MOST_READ = 100
_HIDDEN_S = 60
_POLL_S = 2.0
# What emulators answer to StartMessageMoveTask.
_NO_MOVE_TASKS = ("InvalidAction", "AWS.SimpleQueueService.UnsupportedOperation", "UnsupportedOperation")


@dataclass(frozen=True)
class QueueAddresses:
    """The URLs of a queue and of its dead-letter queue."""

    name: str
    url: str
    dead_letters_url: str


@dataclass(frozen=True)
class DeadLetters:
    """A queue's dead letters: how many, and table rows of (count, age of the oldest, reason, report)."""

    queue: QueueAddresses
    total: int
    rows: tuple[tuple[str, str, str, str], ...]


def queues(outputs: Mapping[str, str]) -> list[QueueAddresses]:
    """Return the queues that the stack outputs name."""
    return [
        QueueAddresses(name.lower(), outputs[f"{name}Queue"], outputs[f"{name}DeadLetters"])
        for name in QUEUES
        if f"{name}Queue" in outputs and f"{name}DeadLetters" in outputs
    ]


def redrive(
    sqs: SQSClient, known: Sequence[QueueAddresses], console: Console, *, send: bool, confirm: bool
) -> None:
    """Show the dead letters of all queues; send them again if `send`, or if the user agrees at the terminal.

    With `confirm` the user is asked first. A letter is never lost, but may be sent twice. Raises UserError
    where there is no queue, where no terminal can confirm `send`, and when SQS stops a move early.
    """
    if not known:
        raise UserError("No queue is deployed there.", hint="Deploy the stacks results and hooks.")
    found = [letters for queue in known if (letters := read(sqs, queue)).total]
    if not found:
        console.print("✓ no dead letters")
        return
    table = Table("queue", "how many", "oldest", "reason", "report")
    for letters in found:
        for number, row in enumerate(letters.rows):
            table.add_row("" if number else letters.queue.name, *row)
    console.print(table)
    if confirm:
        question = f"Send {sum(letters.total for letters in found)} again? Type yes: "
        send = (send or sys.stdin.isatty()) and ask(question).lower() == "yes"
        if not send:
            console.print("Nothing was sent; pass --again to send them again.")
    for letters in found if send else ():
        _send_again(sqs, letters)
        console.print(f"✓ {letters.total} of {letters.queue.name} sent again")


def read(sqs: SQSClient, queue: QueueAddresses) -> DeadLetters:
    """Count a queue's dead letters and read some of them, which stay in the queue and stay visible."""
    url = queue.dead_letters_url
    counted = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    count = sum(map(int, counted.values()))
    letters = list(_receive(sqs, url, min(count, _MOST_READ)))
    for one in letters:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"], VisibilityTimeout=0)
    rows = list(_rows(letters))
    # More than are read, or hidden because another reader has received them just now.
    if unread := max(0, count - len(letters)):
        rows.append((str(unread), "-", "not read", "-"))
    return DeadLetters(queue, len(letters) + unread, tuple(rows))


def _receive(sqs: SQSClient, url: str, most: int) -> Iterator[MessageTypeDef]:
    received = 0
    while received < most:
        messages = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(10, most - received),
            VisibilityTimeout=_HIDDEN_S,
            WaitTimeSeconds=1,
            MessageAttributeNames=["reason", _TRACE],
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])
        if not messages:
            return
        received += len(messages)
        yield from messages


def _rows(letters: Sequence[MessageTypeDef]) -> Iterator[tuple[str, str, str, str]]:
    for reason, group in groupby(sorted(letters, key=_reason), key=_reason):
        same = sorted(group, key=_sent_ms)
        reports = [report for letter in same if (report := _report(letter["Body"]))]
        more = f" and {len(reports) - 1} more" if len(reports) > 1 else ""
        yield str(len(same)), _age(_sent_ms(same[0])), reason, f"{reports[0]}{more}" if reports else "-"


def _reason(letter: MessageTypeDef) -> str:
    attributes = letter.get("MessageAttributes", {})
    return attributes["reason"].get("StringValue", NO_REASON) if "reason" in attributes else NO_REASON


def _sent_ms(letter: MessageTypeDef) -> int:
    return int(letter["Attributes"]["SentTimestamp"])


def _age(sent_ms: int) -> str:
    minutes = int(datetime.now(UTC).timestamp() - sent_ms / 1000) // 60
    if minutes < 120:
        return f"{max(0, minutes)} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _report(body: str) -> str | None:
    """Return the id of the report or of the database row that a message is about, if it names one."""
    try:
        content: Any = json.loads(body)
        found = content.get("report") or content.get("inferenceId") or content.get("record", {}).get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _send_again(sqs: SQSClient, letters: DeadLetters) -> None:
    source, target = (_arn(sqs, url) for url in (letters.queue.dead_letters_url, letters.queue.url))
    try:
        # The target is named: SQS knows no source queue of letters that a function put there itself.
        sqs.start_message_move_task(SourceArn=source, DestinationArn=target)
    except ClientError as error:
        if code_of(error) not in _NO_MOVE_TASKS:
            raise
        _move(sqs, letters)
        return
    task = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
    while task.get("Status") == "RUNNING":
        time.sleep(_POLL_S)
        task = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
    if task.get("Status") != "COMPLETED":
        reason = task.get("FailureReason", "it gives no reason")
        raise UserError(
            f"SQS stopped moving dead letters of {letters.queue.name}: {reason}.",
            hint="Run the same command again: letters that were not moved are still there.",
        )


def _arn(sqs: SQSClient, url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _move(sqs: SQSClient, letters: DeadLetters) -> None:
    """Send and then delete each letter, no more than were counted: one that fails at once comes back."""
    left, url = letters.total, letters.queue.dead_letters_url
    while left > 0 and (messages := list(_receive(sqs, url, min(10, left)))):
        left -= len(messages)
        for message in messages:
            known = message.get("MessageAttributes", {})
            sqs.send_message(
                QueueUrl=letters.queue.url,
                MessageBody=message["Body"],
                MessageAttributes={_TRACE: known[_TRACE]} if _TRACE in known else {},
            )
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
