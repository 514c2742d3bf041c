"""The webhook queue's consumer: tells the receiver of each ended report, for about a day if it must."""

import asyncio
import logging
import random
from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
import httpx2
from botocore.exceptions import BotoCoreError, ClientError

from services.core.domain.errors import ReportNotFound, SigningKeysInvalid
from services.core.domain.report import Status
from services.core.domain.stored_report import ReportRef
from services.core.domain.timing import PRODUCTION, Timing
from services.core.messaging.consumer import Message, defer, failures
from services.core.messaging.dead_letters import dead_letter
from services.core.storage.reports import Reports
from services.core.telemetry import configure_logging
from services.results.event import event_body, message_id
from services.results.notify_settings import NotifySettings
from services.results.patience import PATIENCE
from services.results.receiver import Answer, Receiver, new_client
from services.results.signing_secret import SigningSecret

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# SQS hides a message for 12 hours at most, counted from when it was received.
LONGEST_PAUSE_S = 43_000
logger = logging.getLogger(__name__)


class Notify:
    """Delivers messages. Without a receiver they are dropped."""

    def __init__(
        self,
        reports: Reports,
        receiver: Receiver | None,
        sqs: "SQSClient",
        queue_url: str,
        dead_letters_url: str,
        pauses_s: Sequence[int] = PRODUCTION.webhook_pauses_s,
    ) -> None:
        self._pauses_s = pauses_s
        self._reports = reports
        self._receiver = receiver
        self._sqs = sqs
        self._queue_url = queue_url
        self._dead_letters_url = dead_letters_url

    async def deliver(self, messages: Sequence[Message]) -> list[str]:
        """Deliver all at once; return the ids of those that must come again."""
        if self._receiver is None:
            return []
        receiver = self._receiver
        async with new_client() as client:
            settled = await asyncio.gather(*(self._settle(each, receiver, client) for each in messages))
        return [message.id for message, done in zip(messages, settled, strict=True) if not done]

    async def _settle(self, message: Message, receiver: Receiver, client: httpx2.AsyncClient) -> bool:
        """Return whether the queue may forget the message. One message's failure is never another's."""
        try:
            ref = ReportRef.from_json(message.body)
            if ref is None:
                return await self._give_up(message, "not JSON that names an owner and a report")
            answer = await self._tell(ref.owner, ref.report_id, receiver, client)
            if answer is None:
                return True
            return answer.taken or await self._come_again(message, answer)
        except SigningKeysInvalid as error:
            return await self._come_again(message, Answer(None, str(error)))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            return await self._come_again(message, Answer(None, f"{error.operation_name}: {code}"))
        except Exception as error:  # its text may hold what is no log's business
            return await self._come_again(message, Answer(None, type(error).__name__))

    async def _tell(
        self, owner: str, report_id: str, receiver: Receiver, client: httpx2.AsyncClient
    ) -> Answer | None:
        """Tell of the report as it is now; None where there is nothing to tell, or nobody to tell it to."""
        try:
            stored = await asyncio.to_thread(self._reports.get, owner, report_id)
        except ReportNotFound:
            logger.info("webhook dropped", extra={"report_id": report_id, "reason": "erased or expired"})
            return None
        if stored.report.status not in (Status.SUCCEEDED, Status.FAILED):
            logger.warning("webhook dropped", extra={"report_id": report_id, "reason": "not ended"})
            return None
        answer = await receiver.post(client, message_id(report_id), event_body(stored))
        if answer.status == HTTPStatus.GONE:
            logger.warning("webhook dropped", extra={"report_id": report_id, "reason": answer.reason})
            return None
        if answer.taken:
            logger.info("webhook delivered", extra={"report_id": report_id, "status": answer.status})
        return answer

    async def _come_again(self, message: Message, answer: Answer) -> bool:
        """Hide the message until the next attempt; set it aside after the last."""
        if message.attempt > len(self._pauses_s):
            return await self._give_up(message, f"{message.attempt} attempts; the last: {answer.reason}")
        pause = self._pauses_s[message.attempt - 1] * random.uniform(0.85, 1.15)  # noqa: S311 - jitter, not a secret
        pause_s = min(LONGEST_PAUSE_S, max(int(pause), answer.retry_after_s))
        said = {"attempt": message.attempt, "again_in_s": pause_s, "reason": answer.reason}
        logger.warning("webhook failed", extra={"message_id": message.id, **said})
        await defer(self._sqs, self._queue_url, message, pause_s)
        return False

    async def _give_up(self, message: Message, reason: str) -> bool:
        logger.error("webhook given up", extra={"message_id": message.id, "reason": reason})
        try:
            await asyncio.to_thread(dead_letter, self._sqs, self._dead_letters_url, message.body, reason)
        except (BotoCoreError, ClientError) as error:
            logger.error("webhook not set aside", extra={"reason": type(error).__name__})
            return False
        return True


@cache
def _start(timing: Timing) -> Notify:
    configure_logging("notify")
    settings = NotifySettings()
    session = boto3.Session(region_name=settings.aws_region)
    receiver = None
    if settings.webhook_url is not None and settings.webhook_secret_name is not None:
        secrets = session.client("secretsmanager", config=PATIENCE)
        receiver = Receiver(str(settings.webhook_url), SigningSecret(secrets, settings.webhook_secret_name))
    return Notify(
        # Reports are only read here: there is no quota to hold.
        Reports(session.client("dynamodb", config=PATIENCE), settings.reports_table, quota_per_day=0),
        receiver,
        session.client("sqs", config=PATIENCE),
        settings.webhook_queue_url,
        settings.webhook_dead_letters_url,
        timing.webhook_pauses_s,
    )


def handle(event: dict[str, Any], _context: object, timing: Timing = PRODUCTION) -> dict[str, Any]:
    """Answer Lambda with the messages to come again (ReportBatchItemFailures)."""
    messages = [Message.from_record(record) for record in event["Records"]]
    again = asyncio.run(_start(timing).deliver(messages))
    return failures(again)
