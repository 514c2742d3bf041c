"""The outbox: sends each report that ends from the reports table's stream to the webhook queue.

A message holds only the owner and the id. `notify` reads the row when it sends: an erased report is not sent.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from services.core.aws import DELIVERY, AwsClients, failed_call
from services.core.domain.report import Status
from services.core.domain.stored_report import ReportRef
from services.core.messaging.consumer import failures
from services.core.secrets import Name, ServiceSettings
from services.core.telemetry import configure_logging

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# The SQS maximum for one call.
BATCH = 10
ENDED = (Status.SUCCEEDED, Status.FAILED)
logger = logging.getLogger(__name__)


class OutboxSettings(ServiceSettings):
    """The variables of `outbox`."""

    aws_region: Name
    webhook_queue_url: Name


# A report that has just ended, and its record's number in the stream.
Ended = tuple[ReportRef, str]


@dataclass(frozen=True)
class Outbox:
    """Sends references of ended reports to the webhook queue, in the stream's order."""

    sqs: "SQSClient"
    queue_url: str

    def forward(self, records: Sequence[dict[str, Any]]) -> list[str]:
        """Send the reports that end in these records; return the sequence numbers of those not sent.

        Stops at the first failure: Lambda repeats the stream from there, and would send later ones twice.
        """
        ended = list(_just_ended(records))
        for start in range(0, len(ended), BATCH):
            if unsent := self._send(ended[start : start + BATCH]):
                return unsent
        return []

    def _send(self, batch: Sequence[Ended]) -> list[str]:
        entries = [{"Id": str(at), "MessageBody": ref.to_json()} for at, (ref, _) in enumerate(batch)]
        try:
            answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)  # type: ignore[arg-type]
        except (BotoCoreError, ClientError) as error:
            logger.error("outbox unsent", extra={"count": len(batch), "reason": failed_call(error)})
            return [number for _, number in batch]
        unsent = []
        for failure in answer.get("Failed", []):
            ref, number = batch[int(failure["Id"])]
            logger.error("outbox unsent", extra={"report_id": ref.report_id, "reason": failure["Code"]})
            unsent.append(number)
        return unsent


def _just_ended(records: Sequence[dict[str, Any]]) -> Iterator[Ended]:
    """Yield the reports whose status becomes succeeded or failed in these records."""
    for record in records:
        change = record["dynamodb"]
        # The record of an erased row has no new image.
        new, old = change.get("NewImage", {}), change.get("OldImage", {})
        kind, _, report_id = change["Keys"]["sk"]["S"].partition("#")
        if kind == "report" and _status(new) in ENDED and _status(old) not in ENDED:
            owner = change["Keys"]["pk"]["S"].removeprefix("user#")
            yield ReportRef(owner, report_id), change["SequenceNumber"]


def _status(image: dict[str, Any]) -> str | None:
    status: str | None = image.get("status", {}).get("S")
    return status


@cache
def _start() -> Outbox:
    configure_logging("outbox")
    settings = OutboxSettings()
    return Outbox(AwsClients(settings.aws_region, DELIVERY).sqs(), settings.webhook_queue_url)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Forward Lambda's event; return the records to repeat the stream from (ReportBatchItemFailures)."""
    unsent = _start().forward(event["Records"])
    return failures(unsent)
