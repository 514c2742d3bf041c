"""A consumer of an SQS queue: each message ends as done, deferred or dead-lettered."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.core.aws import CALL_ERRORS, failed_call
from services.core.messaging.attributes import delay_of, reason_attributes, trace_attributes, trace_of
from services.core.telemetry import elapsed_ms
from services.core.trace import hop

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """A message, how many times it has been received, this time included, and the trace that it continues."""

    id: str
    handle: str
    body: str
    attempt: int
    traceparent: str | None = None
    # Seconds from when it could be received first until it was; None if it has been received before.
    waited_s: float | None = None

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Message":
        """Read one record of Lambda's event."""
        attempt = int(record["attributes"]["ApproximateReceiveCount"])
        waited_s = _waited_s(record) if attempt == 1 else None
        names = (record["messageId"], record["receiptHandle"], record["body"])
        return cls(*names, attempt, trace_of(record), waited_s)


def _waited_s(record: dict[str, Any]) -> float | None:
    attributes = record["attributes"]
    try:
        sent_ms, received_ms = (
            int(attributes[name]) for name in ("SentTimestamp", "ApproximateFirstReceiveTimestamp")
        )
    except (KeyError, ValueError):
        return None
    return round(max(0.0, (received_ms - sent_ms) / 1000 - delay_of(record)), 3)


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
        began = time.perf_counter()

        def told(outcome: str) -> dict[str, object]:
            age = {} if message.waited_s is None else {"metrics": {"QueueAge": message.waited_s}}
            return {"attempt": message.attempt, "outcome": outcome, "duration_ms": elapsed_ms(began), **age}

        with hop(message.traceparent, message_id=message.id):
            try:
                outcome = await work(message)
                if outcome is None:
                    logger.info("message handled", extra=told("done"))
                    return True
                if isinstance(outcome, Defer):
                    again = {"retry_in_s": outcome.pause_s, "reason": outcome.reason}
                    logger.warning("message deferred", extra={**told("deferred"), **again})
                    await self._defer(message, outcome)
                    return False
                dead = {**told("dead-lettered"), "reason": outcome.reason}
                logger.error("message dead-lettered", extra=dead)
                return await self._dead_letter(message, outcome.reason)
            except Exception:
                logger.exception("message failed", extra=told("failed"))
                return False

    async def _dead_letter(self, message: Message, reason: str) -> bool:
        try:
            await asyncio.to_thread(dead_letter, self.sqs, self.dead_letters_url, message.body, reason)
        except CALL_ERRORS as error:
            logger.error("message not dead-lettered", extra={"reason": failed_call(error)})
            return False
        return True

    async def _defer(self, message: Message, outcome: Defer) -> None:
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
    """Send `body` to the dead letters with the reason, which `redrive` shows, and its trace. Blocks.

    Raises what boto3 raises: then the message must stay in its queue.
    """
    attributes = {**reason_attributes(reason), **trace_attributes()}
    sqs.send_message(QueueUrl=dead_letters_url, MessageBody=body, MessageAttributes=attributes)


def failures(unsettled: Iterable[str]) -> dict[str, Any]:
    """Answer Lambda with the ids of the messages or records to deliver again (ReportBatchItemFailures)."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in unsettled]}
