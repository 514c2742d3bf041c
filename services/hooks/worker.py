"""The hooks queue's consumer: makes accepted reports of the analyses that the database asks for."""

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from services.core.domain.errors import KeyReused, ReportInProgress
from services.core.messaging.consumer import Message, defer, failures
from services.core.messaging.dead_letters import dead_letter
from services.core.messaging.job_queue import JobQueue
from services.core.pipeline.submission import Submission
from services.core.storage.image_store import ImageStore
from services.core.storage.reports import Reports
from services.core.storage.uploads import PRESIGNING, Uploads
from services.core.telemetry import configure_logging, log_context
from services.hooks.analysis_row import AnalysisRow
from services.hooks.intake import AnalysisIntake
from services.hooks.links import AnalysisLinks
from services.hooks.settings import WorkerSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

# Between the attempts; the last pause stands for all later ones.
PAUSES_S = (15, 60, 240, 600)
# A photo of 25 MB may come slowly; a store that does not answer at all is told from that by its first byte.
PATIENCE = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
logger = logging.getLogger(__name__)


class Worker:
    """Settles messages of the hooks queue one by one: their photos are a function's memory."""

    def __init__(self, desk: AnalysisIntake, sqs: "SQSClient", queue_url: str, dead_letters_url: str) -> None:
        self._desk = desk
        self._sqs = sqs
        self._queue_url = queue_url
        self._dead_letters_url = dead_letters_url

    async def settle(self, messages: Sequence[Message]) -> list[str]:
        """Work on messages; return the ids of those that must come again."""
        return [message.id for message in messages if not await self._settle(message)]

    async def _settle(self, message: Message) -> bool:
        context = log_context.set({"message_id": message.id})
        try:
            try:
                row = AnalysisRow.model_validate_json(message.body)
            except ValidationError:
                return await self._give_up(message, "not a row of public.analyses")
            try:
                await self._desk.take(row)
            except KeyReused:
                return await self._give_up(message, f"analysis {row.id} came with other photos before")
            return True
        except ReportInProgress:
            return await self._come_again(message, "its key was just given up")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            return await self._come_again(message, f"{error.operation_name}: {code}")
        except BotoCoreError as error:
            return await self._come_again(message, type(error).__name__)
        except Exception:
            # A mistake of ours; it comes again as well, and after the queue's last try it is set aside.
            logger.exception("an analysis was not accepted")
            return await self._come_again(message, "a mistake")
        finally:
            log_context.reset(context)

    async def _come_again(self, message: Message, reason: str) -> bool:
        pause_s = PAUSES_S[min(message.attempt, len(PAUSES_S)) - 1]
        logger.warning(
            "an analysis comes again",
            extra={"attempt": message.attempt, "again_in_s": pause_s, "reason": reason},
        )
        await defer(self._sqs, self._queue_url, message, pause_s)
        return False

    async def _give_up(self, message: Message, reason: str) -> bool:
        logger.error("an analysis was set aside", extra={"reason": reason})
        await asyncio.to_thread(dead_letter, self._sqs, self._dead_letters_url, message.body, reason)
        return True


def build_worker(settings: WorkerSettings) -> Worker:
    """Make every client; none is called yet."""
    session = boto3.Session(region_name=settings.aws_region)
    s3: S3Client = session.client("s3", config=PATIENCE.merge(PRESIGNING))
    dynamodb: DynamoDBClient = session.client("dynamodb", config=PATIENCE)
    sqs: SQSClient = session.client("sqs", config=PATIENCE)
    desk = AnalysisIntake(
        Submission(
            ImageStore(s3, settings.image_bucket, settings.image_key_id),
            Reports(dynamodb, settings.reports_table, settings.quota_per_day),
            settings.model_endpoint,
            timedelta(days=settings.retention_days),
        ),
        Uploads(s3, settings.image_bucket, settings.image_key_id),
        JobQueue(sqs, settings.jobs_queue_url),
        AnalysisLinks(dynamodb, settings.reports_table),
        decoders=os.cpu_count() or 1,
    )
    return Worker(desk, sqs, settings.hooks_queue_url, settings.hooks_dead_letters_url)


@cache
def _start() -> tuple[asyncio.Runner, Worker]:
    configure_logging("hooks-worker")
    return asyncio.Runner(), build_worker(WorkerSettings())


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer Lambda with the messages to come again (ReportBatchItemFailures)."""
    runner, worker = _start()
    again = runner.run(worker.settle([Message.from_record(record) for record in event["Records"]]))
    return failures(again)
