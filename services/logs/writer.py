"""The logs queue's consumer: writes the events of each object to CloudWatch Logs, each event once.

Where a process ends between a write and its record, or two have the same message, a batch is written again
and counted: a line that is there twice is better than one that is lost, and its `event` tells that.
"""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any, Self

from pydantic import ValidationError

from services.core.aws import CALL_ERRORS, LOG_EVENTS, STORES, AwsClients, failed_call
from services.core.messaging.consumer import Consumer, DeadLetter, Defer, Message, Outcome, failures
from services.core.secrets import Name, ServiceSettings
from services.core.storage.transactions import WriteRefused
from services.core.telemetry import configure_logging, elapsed_ms
from services.logs.batches import DUPLICATE, TOO_LARGE, TOO_NEW, TOO_OLD, Batch, of_age, plan
from services.logs.claims import Claims
from services.logs.objects import LogObjects, ObjectInvalid, ObjectMessage, ObjectMissing
from services.logs.puts import ATTEMPT_S, PERHAPS_TWICE, LogPuts, NeverPut, NotPut

# Seconds between the attempts; the last one is repeated.
PAUSES_S = (5, 30, 120, 600)
# Kept of a run's time for the last record and the queue.
RESERVE_S = 10.0
MILLISECOND = timedelta(milliseconds=1)
WRITTEN, LOST = "written", "lost"
_DROPPED = (TOO_OLD, TOO_NEW, TOO_LARGE, LOST)
logger = logging.getLogger(__name__)


class WriterSettings(ServiceSettings):
    """The variables of `writer`."""

    aws_region: Name
    image_bucket: Name
    logs_queue_url: Name
    logs_dead_letters_url: Name
    claims_table: Name
    edge_log_group: Name
    edge_log_stream: Name
    log_retention_days: int


@dataclass(frozen=True)
class Writer:
    """Settles messages of the logs queue."""

    objects: LogObjects
    claims: Claims
    puts: LogPuts
    consumer: Consumer
    retention: timedelta

    @classmethod
    def build(cls, settings: WriterSettings) -> Self:
        """Make the writer with its clients; none of them is called yet."""
        clients = AwsClients(settings.aws_region, STORES)
        queue_url, dead_letters_url = settings.logs_queue_url, settings.logs_dead_letters_url
        return cls(
            LogObjects(clients.s3(), settings.image_bucket),
            Claims(clients.dynamodb(), settings.claims_table),
            LogPuts(
                AwsClients(settings.aws_region, LOG_EVENTS).logs(),
                settings.edge_log_group,
                settings.edge_log_stream,
            ),
            # One by one: the time that is left belongs to the first.
            Consumer(clients.sqs(), queue_url, dead_letters_url, concurrent=False),
            timedelta(days=settings.log_retention_days),
        )

    async def settle(self, messages: Sequence[Message], until: float) -> list[str]:
        """Write the objects of messages; return the ids of those that stay in the queue.

        Starts no write that could outlast `until`, a time.monotonic().
        """
        return await self.consumer.settle(messages, partial(self._work, until=until))

    async def _work(self, message: Message, until: float) -> Outcome:
        try:
            found = ObjectMessage.model_validate_json(message.body)
        except ValidationError:
            return DeadLetter("not a message of the log receiver")
        return await asyncio.to_thread(self._settle, found, message.attempt, until)

    def _settle(self, found: ObjectMessage, attempt: int, until: float) -> Outcome:
        try:
            self._write(found.key, until)
        except (ObjectMissing, ObjectInvalid) as error:
            _log_counts(Counter({LOST: found.count}))
            return DeadLetter(_LOST_BY[type(error)])
        except (NeverPut, WriteRefused) as error:
            return DeadLetter(str(error))
        except NotPut as error:
            return _retry(attempt, str(error))
        except CALL_ERRORS as error:
            return _retry(attempt, failed_call(error))
        return None

    def _write(self, key: str, until: float) -> None:
        """Write what is not written yet of an object, and count each event of it.

        Raises NeverPut or WriteRefused only after all other batches are written.
        """
        ended, attempt = self.claims.progress(key).ended, secrets.token_hex(8)
        batches, dropped = plan(self.objects.get(key))
        refused: list[NeverPut | WriteRefused] = []
        lost = Counter[str]()
        for number, batch in enumerate(batches):
            if number in ended:
                continue
            if time.monotonic() + ATTEMPT_S > until:
                raise NotPut("no time left", certain=True)
            began = time.perf_counter()
            beside = dropped if number == 0 else Counter[str]()
            try:
                counts = self._write_batch(key, number, batch, attempt, until)
            except (NeverPut, WriteRefused) as error:
                refused.append(error)
                lost += beside + Counter({LOST: len(batch)})
                continue
            if counts is not None:
                # Counted before the record: where the process ends between them, twice rather than never.
                _log_counts(counts + beside, elapsed_ms(began))
                alone = self.claims.end(key, number, attempt)
                if counts[WRITTEN] and not (alone or counts[PERHAPS_TWICE]):
                    # The other attempt knows of this one, but may have ended before it could count that.
                    _log_counts(Counter({PERHAPS_TWICE: counts[WRITTEN]}))
        if not batches:
            _log_counts(dropped)
        if refused:
            # Not before: the attempt after one without time comes here again.
            _log_counts(lost)
            raise refused[0]

    def _write_batch(
        self, key: str, number: int, batch: Batch, attempt: str, until: float
    ) -> Counter[str] | None:
        """Write a batch; return what became of its events, or None if another attempt counted them."""
        counts = Counter[str]()
        current = of_age(batch, time.time_ns() // 1_000_000, self.retention // MILLISECOND, counts)
        own = self.claims.claim((event.id for event in current), key)
        wanted = [event for event in current if event.id in own]
        counts[DUPLICATE] = len(current) - len(wanted)
        if not wanted:
            return counts
        before = self.claims.begin(key, number, attempt)
        if number in before.ended:
            return None
        perhaps_written = number in before.begun
        try:
            rejected = self.puts.put(wanted, until, perhaps_written=perhaps_written)
        except NotPut as error:
            if error.certain and not perhaps_written:
                self.claims.take_back(key, number, attempt)
            raise
        counts.update(rejected)
        counts[WRITTEN] = len(wanted) - rejected[TOO_OLD] - rejected[TOO_NEW]
        return counts


_LOST_BY: dict[type[Exception], str] = {
    ObjectMissing: "its object is not in the bucket, or no longer",
    ObjectInvalid: "its object is not one of the log receiver",
}


def _log_counts(counts: Counter[str], duration_ms: float | None = None) -> None:
    """Log what became of the events of a batch, or of those that are in none."""
    fields = {"count": counts[WRITTEN], "counts": dict(+counts), "duration_ms": duration_ms}
    metrics = {"EdgeLogsWritten": counts[WRITTEN], "EdgeLogsDropped": sum(counts[each] for each in _DROPPED)}
    logger.info("edge logs written", extra={**fields, "metrics": metrics})


def _retry(attempt: int, reason: str) -> Defer:
    # After maxReceiveCount attempts SQS moves the message to the dead letters.
    return Defer(PAUSES_S[min(attempt, len(PAUSES_S)) - 1], reason)


@cache
def _start() -> tuple[asyncio.Runner, Writer]:
    configure_logging("log-writer")
    return asyncio.Runner(), Writer.build(WriterSettings())


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on Lambda's event; return the messages that stay in the queue (ReportBatchItemFailures)."""
    runner, writer = _start()
    until = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVE_S
    messages = [Message.from_record(record) for record in event["Records"]]
    return failures(runner.run(writer.settle(messages, until)))
