"""The webhook queue's consumer: sends each ended or erased report to the receiver, and retries for a day."""

import asyncio
import logging
import random
from functools import cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import httpx2
from pydantic import HttpUrl, field_validator, model_validator

from services.core.auth.signing import SigningKeys
from services.core.aws import DELIVERY, AwsClients, failed_call
from services.core.domain.errors import ReportNotFound, SigningKeysInvalid
from services.core.domain.report import Status
from services.core.domain.stored_report import ReportRef, StoredReport
from services.core.domain.timing import PRODUCTION, Timing
from services.core.messaging.consumer import Consumer, DeadLetter, Defer, Message, Outcome, failures
from services.core.secrets import Name, Secret, ServiceSettings
from services.core.storage.reports import Reports
from services.core.telemetry import add_context, configure_logging, user_hash
from services.results.report_events import ReportEnded, ReportErased, report_event
from services.results.webhook import (
    DeliveryResult,
    Receiver,
    ended_body,
    erased_body,
    message_id,
    new_client,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs.client import SQSClient

# SQS hides a message for 12 hours at most, counted from when it was received.
LONGEST_PAUSE_S = 43_000
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
logger = logging.getLogger(__name__)


class NotifySettings(ServiceSettings):
    """The variables of `notify`. Without a URL, events are dropped."""

    aws_region: Name
    reports_table: Name
    webhook_queue_url: Name
    webhook_dead_letters_url: Name
    webhook_url: HttpUrl | None = None
    webhook_secret_name: Name | None = None

    @field_validator("webhook_url")
    @classmethod
    def _is_encrypted(cls, url: HttpUrl | None) -> HttpUrl | None:
        if url is not None and url.scheme != "https" and url.host not in LOOPBACK:
            raise ValueError("an https address, or http on this machine: events hold reports")
        return url

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if self.webhook_url is not None and self.webhook_secret_name is None:
            raise ValueError("WEBHOOK_SECRET_NAME is missing: events to WEBHOOK_URL are signed")
        return self


class Notify:
    """Delivers messages. Without a receiver it drops them."""

    def __init__(
        self,
        reports: Reports,
        receiver: Receiver | None,
        sqs: "SQSClient",
        queue_url: str,
        dead_letters_url: str,
        pauses_s: "Sequence[int]" = PRODUCTION.webhook_pauses_s,
    ) -> None:
        self._pauses_s = pauses_s
        self._reports = reports
        self._receiver = receiver
        self._consumer = Consumer(sqs, queue_url, dead_letters_url)

    async def deliver(self, messages: "Sequence[Message]") -> list[str]:
        """Deliver all concurrently; return the ids of those that stay in the queue."""
        if self._receiver is None:
            return []
        async with new_client() as client:
            deliver = partial(self._deliver, receiver=self._receiver, client=client)
            return await self._consumer.settle(messages, deliver)

    async def _deliver(self, message: Message, receiver: Receiver, client: httpx2.AsyncClient) -> Outcome:
        event = report_event(message.body)
        if event is None:
            return DeadLetter("not JSON that names an owner and a report")
        add_context(report=event.ref.report_id, user=user_hash(event.ref.owner))
        try:
            answer = await self._post(event, receiver, client)
        except SigningKeysInvalid as error:
            return self._retry(message, DeliveryResult(None, str(error)))
        except Exception as error:  # named without its text, which may hold parts of the report
            return self._retry(message, DeliveryResult(None, failed_call(error)))
        return None if answer is None or answer.taken else self._retry(message, answer)

    async def _post(
        self, event: ReportEnded | ReportErased, receiver: Receiver, client: httpx2.AsyncClient
    ) -> DeliveryResult | None:
        """Send the event; None if there is nothing to send, or the receiver is gone."""
        if isinstance(event, ReportErased):
            body = erased_body(event)
        else:
            stored = await self._ended(event.ref)
            if stored is None:
                return None
            body = ended_body(stored)
        answer = await receiver.post(client, message_id(event), body)
        if answer.status == HTTPStatus.GONE:
            logger.warning("webhook dropped", extra={"reason": answer.reason})
            return None
        if answer.taken:
            logger.info("webhook delivered", extra={"status": answer.status})
        return answer

    async def _ended(self, ref: ReportRef) -> StoredReport | None:
        """The report as it is now, or None if it was erased."""
        try:
            stored = await asyncio.to_thread(self._reports.get, ref.owner, ref.report_id)
        except ReportNotFound:
            logger.info("webhook dropped", extra={"reason": "erased or expired"})
            return None
        if stored.report.status not in (Status.SUCCEEDED, Status.FAILED):
            logger.warning("webhook dropped", extra={"reason": "not ended"})
            return None
        return stored

    def _retry(self, message: Message, answer: DeliveryResult) -> Outcome:
        """Defer the message until the next attempt, or dead-letter it after the last."""
        if message.attempt > len(self._pauses_s):
            return DeadLetter(f"{message.attempt} attempts; the last: {answer.reason}")
        pause = self._pauses_s[message.attempt - 1] * random.uniform(0.85, 1.15)  # noqa: S311 - jitter, not a secret
        return Defer(min(LONGEST_PAUSE_S, max(int(pause), answer.retry_after_s)), answer.reason)


@cache
def _start(timing: Timing) -> Notify:
    configure_logging("notify")
    settings = NotifySettings()
    clients = AwsClients(settings.aws_region, DELIVERY)
    receiver = None
    if settings.webhook_url is not None and settings.webhook_secret_name is not None:
        name = settings.webhook_secret_name
        secret = Secret.named(clients.secrets_manager(), name, partial(SigningKeys.parse, source=name))
        receiver = Receiver(str(settings.webhook_url), secret)
    return Notify(
        # It only reads reports, so no quota applies.
        Reports(clients.dynamodb(), settings.reports_table, quota_per_day=0),
        receiver,
        clients.sqs(),
        settings.webhook_queue_url,
        settings.webhook_dead_letters_url,
        timing.webhook_pauses_s,
    )


def handle(event: dict[str, Any], _context: object, timing: Timing = PRODUCTION) -> dict[str, Any]:
    """Deliver Lambda's event; return the messages that stay in the queue (ReportBatchItemFailures)."""
    messages = [Message.from_record(record) for record in event["Records"]]
    return failures(asyncio.run(_start(timing).deliver(messages)))
