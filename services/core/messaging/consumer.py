"""A consumer of an SQS queue: each message ends as done, deferred or dead-lettered."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.core.aws import CALL_ERRORS, failed_call
from services.core.telemetry import log_context

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

LONGEST_REASON = 500
# SQS allows XML's characters in an attribute; a reason is one line of them.
_OTHER = re.compile(r"[^\x20-\ud7ff\ue000-\ufffd]+")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """A message, and how many times it has been received, this time included."""

    id: str
    handle: str
    body: str
    attempt: int

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Message":
        """Read one record of Lambda's event."""
        attempt = int(record["attributes"]["ApproximateReceiveCount"])
        return cls(record["messageId"], record["receiptHandle"], record["body"], attempt)


@dataclass(frozen=True)
class Defer:
    """The message is to be received again in so many seconds."""

    pause_s: int
    reason: str


@dataclass(frozen=True)
class DeadLetter:
    """The message cannot be worked on: it goes to the dead letters with this reason."""

    reason: str


# None: the message is done.
Outcome = Defer | DeadLetter | None


@dataclass(frozen=True)
class Consumer:
    """Settles batches of one queue's messages."""

    sqs: "SQSClient"
    queue_url: str
    dead_letters_url: str
    # False works on one message at a time, for work that needs most of a function's memory.
    concurrent: bool = True

    async def settle(
        self, messages: Sequence[Message], work: Callable[[Message], Awaitable[Outcome]]
    ) -> list[str]:
        """Let `work` decide about each message; return the ids of those that stay in the queue.

        So does a message whose `work` raises: SQS delivers it again after the visibility timeout, and moves
        it to the dead letters after maxReceiveCount deliveries.
        """
        if self.concurrent:
            settled = await asyncio.gather(*(self._settle(message, work) for message in messages))
        else:
            settled = [await self._settle(message, work) for message in messages]
        return [message.id for message, done in zip(messages, settled, strict=True) if not done]

    async def _settle(self, message: Message, work: Callable[[Message], Awaitable[Outcome]]) -> bool:
        """Return whether the queue may delete the message; one message's failure never affects another."""
        token = log_context.set({**(log_context.get() or {}), "message_id": message.id})
        try:
            outcome = await work(message)
            if outcome is None:
                return True
            if isinstance(outcome, Defer):
                await self._defer(message, outcome)
                return False
            return await self._dead_letter(message, outcome.reason)
        except Exception:
            logger.exception("message failed", extra={"attempt": message.attempt})
            return False
        finally:
            log_context.reset(token)

    async def _dead_letter(self, message: Message, reason: str) -> bool:
        logger.error("message dead-lettered", extra={"reason": reason})
        try:
            await asyncio.to_thread(dead_letter, self.sqs, self.dead_letters_url, message.body, reason)
        except CALL_ERRORS as error:
            logger.error("message not dead-lettered", extra={"reason": failed_call(error)})
            return False
        return True

    async def _defer(self, message: Message, outcome: Defer) -> None:
        logger.warning(
            "message deferred",
            extra={"attempt": message.attempt, "retry_in_s": outcome.pause_s, "reason": outcome.reason},
        )
        try:
            await asyncio.to_thread(
                self.sqs.change_message_visibility,
                QueueUrl=self.queue_url,
                ReceiptHandle=message.handle,
                VisibilityTimeout=outcome.pause_s,
            )
        except CALL_ERRORS as error:
            # It is received again all the same, after the queue's own visibility timeout.
            logger.warning("message not deferred", extra={"reason": failed_call(error)})


def dead_letter(sqs: "SQSClient", dead_letters_url: str, body: str, reason: str) -> None:
    """Send `body` to the dead letters with the attribute `reason`, which `redrive` shows. Blocks.

    Raises what boto3 raises: then the message must stay in its queue.
    """
    line = _OTHER.sub(" ", reason)[:LONGEST_REASON].strip() or "unknown"
    sqs.send_message(
        QueueUrl=dead_letters_url,
        MessageBody=body,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": line}},
    )


def failures(unsettled: Iterable[str]) -> dict[str, Any]:
    """Answer Lambda with the ids of the messages or records to deliver again (ReportBatchItemFailures)."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in unsettled]}
