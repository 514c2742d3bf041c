"""What a function that empties a queue does with its messages: reads them, and has one come again later."""

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_sqs.client import SQSClient

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """A message of a queue, and how often it was received by now, this time among them."""

    id: str
    handle: str
    body: str
    attempt: int

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Message":
        """Read one of Lambda's records."""
        attempt = int(record["attributes"]["ApproximateReceiveCount"])
        return cls(record["messageId"], record["receiptHandle"], record["body"], attempt)


async def defer(sqs: "SQSClient", queue_url: str, message: Message, pause_s: int) -> None:
    """Have a message come again in so many seconds, as far as the queue can be reached."""
    try:
        await asyncio.to_thread(
            sqs.change_message_visibility,
            QueueUrl=queue_url,
            ReceiptHandle=message.handle,
            VisibilityTimeout=pause_s,
        )
    except (BotoCoreError, ClientError) as error:
        # It comes again all the same, after the queue's own visibility timeout.
        logger.warning(
            "a message was not hidden", extra={"message_id": message.id, "reason": type(error).__name__}
        )


def failures(again: "Iterable[str]") -> dict[str, Any]:
    """Answer Lambda with the ids of the messages that must come again (ReportBatchItemFailures)."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in again]}
