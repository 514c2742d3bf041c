"""The outbox: every report that has just ended, from the reports table's stream to the webhook queue.

Only owner and id go there, no content: `notify` reads the row when it sends, so that erased stays erased.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.core.domain.report import Status
from services.core.domain.stored_report import ReportRef
from services.core.telemetry import configure_logging
from services.results.patience import PATIENCE

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# SQS's most in one call.
BATCH = 10
ENDED = (Status.SUCCEEDED, Status.FAILED)
logger = logging.getLogger(__name__)


class OutboxSettings(BaseSettings):
    """Environment variables; a wrong one stops the function and is named."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    aws_region: Annotated[str, Field(min_length=1)]
    webhook_queue_url: Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class Ended:
    """A report that has just ended, and the place in the stream that says so."""

    ref: ReportRef
    sequence_number: str


class Outbox:
    """Sends ended reports' names to the webhook queue, in the stream's order."""

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def forward(self, records: Sequence[dict[str, Any]]) -> list[str]:
        """Send what the stream's records say; return the sequence numbers of those that were not sent.

        Nothing is sent after a failure: the stream comes again from there, and would send it twice.
        """
        ended = list(_just_ended(records))
        for start in range(0, len(ended), BATCH):
            if unsent := self._send(ended[start : start + BATCH]):
                return unsent
        return []

    def _send(self, batch: Sequence[Ended]) -> list[str]:
        entries = [{"Id": str(place), "MessageBody": each.ref.to_json()} for place, each in enumerate(batch)]
        try:
            answer = self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)  # type: ignore[arg-type]
        except (BotoCoreError, ClientError) as error:
            logger.error("outbox unsent", extra={"count": len(batch), "reason": type(error).__name__})
            return [each.sequence_number for each in batch]
        failed = answer.get("Failed", [])
        for failure in failed:
            report_id = batch[int(failure["Id"])].ref.report_id
            logger.error("outbox unsent", extra={"report_id": report_id, "reason": failure["Code"]})
        return [batch[int(failure["Id"])].sequence_number for failure in failed]


def _just_ended(records: Sequence[dict[str, Any]]) -> Iterator[Ended]:
    """Yield the reports whose rows say succeeded or failed now, and did not before."""
    for record in records:
        change = record["dynamodb"]
        # An erased row has no new image.
        new, old = change.get("NewImage", {}), change.get("OldImage", {})
        kind, _, report_id = change["Keys"]["sk"]["S"].partition("#")
        if kind == "report" and _status(new) in ENDED and _status(old) not in ENDED:
            owner = change["Keys"]["pk"]["S"].removeprefix("user#")
            yield Ended(ReportRef(owner, report_id), change["SequenceNumber"])


def _status(image: dict[str, Any]) -> str | None:
    status: str | None = image.get("status", {}).get("S")
    return status


@cache
def _start() -> Outbox:
    configure_logging("outbox")
    settings = OutboxSettings()
    sqs = boto3.client("sqs", region_name=settings.aws_region, config=PATIENCE)
    return Outbox(sqs, settings.webhook_queue_url)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer Lambda with the records of the stream to come again from (ReportBatchItemFailures)."""
    unsent = _start().forward(event["Records"])
    return {"batchItemFailures": [{"itemIdentifier": number} for number in unsent]}
