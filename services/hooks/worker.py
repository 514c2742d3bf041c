"""The hooks queue's consumer: submits the analyses and has the reports erased that the database asks for."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from services.core.aws import CALL_ERRORS, LARGE_PHOTOS, AwsClients, failed_call
from services.core.domain.errors import Busy, KeyReused, ReportInProgress
from services.core.domain.stored_report import ReportRef
from services.core.messaging.consumer import Consumer, DeadLetter, Defer, Message, Outcome, failures
from services.core.messaging.job_queue import JobQueue
from services.core.photos.photo import decoders
from services.core.pipeline.submission import Submission, SubmissionSettings
from services.core.secrets import Name
from services.core.storage.image_store import ImageStore, Uploads
from services.core.storage.reports import Reports
from services.core.telemetry import configure_logging
from services.hooks.inbox import DeletedReport
from services.hooks.intake import AnalysisIntake, AnalysisLinks, AnalysisRow

# Seconds between the attempts; the last one is repeated.
PAUSES_S = (15, 60, 240, 600)
_ROW: TypeAdapter[AnalysisRow | DeletedReport] = TypeAdapter(AnalysisRow | DeletedReport)
logger = logging.getLogger(__name__)


class WorkerSettings(SubmissionSettings):
    """The variables of `worker`."""

    aws_region: Name
    reports_table: Name
    image_bucket: Name
    image_key_id: str | None = None
    model_endpoint: Name
    jobs_queue_url: Name
    hooks_queue_url: Name
    hooks_dead_letters_url: Name


@dataclass(frozen=True)
class Worker:
    """Settles messages of the hooks queue."""

    intake: AnalysisIntake
    consumer: Consumer

    async def settle(self, messages: Sequence[Message]) -> list[str]:
        """Work on messages; return the ids of those that stay in the queue."""
        return await self.consumer.settle(messages, self._work)

    async def _work(self, message: Message) -> Outcome:
        try:
            row = _ROW.validate_json(message.body)
        except ValidationError:
            return DeadLetter("not a row of public.analyses or public.reports")
        try:
            if isinstance(row, DeletedReport):
                ref = ReportRef(str(row.user_id), row.id)
                await asyncio.to_thread(self.intake.jobs.send_erasure, ref)
            else:
                await self.intake.accept(row)
        except KeyReused:
            return DeadLetter(f"analysis {row.id} came with other photos before")
        except Busy:
            return _retry(message, "the decoders have too much to do")
        except ReportInProgress:
            return _retry(message, "its idempotency key was released just now")
        except Exception as error:
            if not isinstance(error, CALL_ERRORS):
                logger.exception("an analysis was not accepted")
            return _retry(message, failed_call(error))
        return None


def _retry(message: Message, reason: str) -> Defer:
    # After maxReceiveCount attempts SQS moves the message to the dead letters.
    return Defer(PAUSES_S[min(message.attempt, len(PAUSES_S)) - 1], reason)


def build_worker(settings: WorkerSettings) -> Worker:
    """Make the worker with its clients; none of them is called yet."""
    clients = AwsClients(settings.aws_region, LARGE_PHOTOS)
    s3, dynamodb, sqs = clients.s3(), clients.dynamodb(), clients.sqs()
    intake = AnalysisIntake(
        Submission(
            ImageStore(s3, settings.image_bucket, settings.image_key_id),
            Reports(dynamodb, settings.reports_table, settings.quota_per_day),
            settings.model_endpoint,
            timedelta(days=settings.retention_days),
            settings.listing_languages,
        ),
        Uploads(s3, settings.image_bucket, settings.image_key_id),
        JobQueue(sqs, settings.jobs_queue_url),
        AnalysisLinks(dynamodb, settings.reports_table),
        decoders=decoders.count,
    )
    # One by one: the photos of one message fill a function's memory.
    queue_url, dead_letters_url = settings.hooks_queue_url, settings.hooks_dead_letters_url
    return Worker(intake, Consumer(sqs, queue_url, dead_letters_url, concurrent=False))


@cache
def _start() -> tuple[asyncio.Runner, Worker]:
    configure_logging("hooks-worker")
    return asyncio.Runner(), build_worker(WorkerSettings())


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Work on Lambda's event; return the messages that stay in the queue (ReportBatchItemFailures)."""
    runner, worker = _start()
    messages = [Message.from_record(record) for record in event["Records"]]
    return failures(runner.run(worker.settle(messages)))
