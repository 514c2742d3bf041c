"""What lies in a queue's dead letters: read, and left where it is."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# As many are read for their reasons; all are counted.
MOST = 100
_HIDDEN_S = 30
NO_REASON = "too many attempts"


@dataclass(frozen=True)
class Queue:
    """A queue and where its dead letters are."""

    name: str
    url: str
    dead_letters_url: str


@dataclass(frozen=True)
class WithLetters:
    """A queue, how many dead letters it has, and what a table says: how many, oldest, reason, report."""

    queue: Queue
    count: int
    rows: tuple[tuple[str, str, str, str], ...]


def look(sqs: "SQSClient", queue: Queue) -> WithLetters:
    """Count a queue's dead letters and read up to MOST of them; they can be received again at once."""
    url = queue.dead_letters_url
    counted = sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    count = sum(map(int, counted.values()))
    letters = list(_read(sqs, url, min(count, MOST)))
    for letter in letters:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"], VisibilityTimeout=0
        )
    rows = list(_rows(letters))
    # More than are read, or hidden just now by whoever reads them too.
    if unread := max(0, count - len(letters)):
        rows.append((str(unread), "-", "not read", "-"))
    return WithLetters(queue, len(letters) + unread, tuple(rows))


def _read(sqs: "SQSClient", url: str, most: int) -> "Iterator[MessageTypeDef]":
    had = 0
    while had < most:
        messages = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(10, most - had),
            VisibilityTimeout=_HIDDEN_S,
            WaitTimeSeconds=1,
            MessageAttributeNames=["reason"],
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])
        if not messages:
            return
        had += len(messages)
        yield from messages


def _rows(letters: "Sequence[MessageTypeDef]") -> Iterator[tuple[str, str, str, str]]:
    """One row for each reason: how many of those read, the oldest one's age, the reason, a report of them."""
    for reason, group in groupby(sorted(letters, key=_reason), key=_reason):
        same = sorted(group, key=_sent)
        reports = [found for letter in same if (found := _report(letter["Body"]))]
        more = f" and {len(reports) - 1} more" if len(reports) > 1 else ""
        yield str(len(same)), _age(_sent(same[0])), reason, f"{reports[0]}{more}" if reports else "-"


def _reason(letter: "MessageTypeDef") -> str:
    attributes = letter.get("MessageAttributes", {})
    return attributes["reason"].get("StringValue", NO_REASON) if "reason" in attributes else NO_REASON


def _sent(letter: "MessageTypeDef") -> int:
    return int(letter["Attributes"]["SentTimestamp"])


def _age(sent_ms: int) -> str:
    minutes = int(datetime.now(UTC).timestamp() - sent_ms / 1000) // 60
    if minutes < 120:
        return f"{max(0, minutes)} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _report(body: str) -> str | None:
    """Return the report that a message speaks of, or the row of the database; None where it names none."""
    try:
        content: Any = json.loads(body)
        found = content.get("report") or content.get("inferenceId") or content.get("record", {}).get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) else None
