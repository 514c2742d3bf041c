"""The outbox: sends each report that ends or disappears from the reports table's stream to the webhook queue.

A message holds ids only. `notify` reads the row when it sends: an erased report is not sent.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from services.core.aws import CALL_ERRORS, DELIVERY, AwsClients, failed_call
from services.core.domain.report import UNFINISHED, Status
from services.core.domain.stored_report import ReportRef, seconds_now
from services.core.messaging.attributes import trace_attributes
from services.core.messaging.consumer import failures
from services.core.secrets import Name, ServiceSettings
from services.core.telemetry import configure_logging, elapsed_ms, user_hash
from services.core.trace import Span
from services.results.report_events import ReportEnded, ReportErased
from services.results.webhook import analysis_of

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# The SQS maximum for one call.
BATCH = 10
ENDED = (Status.SUCCEEDED, Status.FAILED)
logger = logging.getLogger(__name__)


class OutboxSettings(ServiceSettings):
    """The variables of `outbox`."""

    aws_region: Name
    webhook_queue_url: Name


@dataclass(frozen=True)
class Change:
    """What has just become of a report, its record's number in the stream, and the trace that it ends."""

    event: ReportEnded | ReportErased
    number: str
    traceparent: str | None


@dataclass(frozen=True)
class Outbox:
    """Sends events of ended and erased reports to the webhook queue, in the stream's order."""

    sqs: "SQSClient"
    queue_url: str

    def forward(self, records: Sequence[dict[str, Any]]) -> list[str]:
        """Send the events of these records; return the sequence numbers of those not sent.

        Stops at the first failure: Lambda repeats the stream from there, and would send later ones twice.
        """
        changes = list(_changes(records))
        for start in range(0, len(changes), BATCH):
            if unsent := self._send(changes[start : start + BATCH]):
                return unsent
        return []

    def _send(self, batch: Sequence[Change]) -> list[str]:
        began = time.perf_counter()
        spans = [Span.continuing(change.traceparent) for change in batch]
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(at),
                "MessageBody": change.event.to_json(),
                "MessageAttributes": trace_attributes(span.traceparent),
            }
            for at, (change, span) in enumerate(zip(batch, spans, strict=True))
        ]
        try:
            answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)
        except CALL_ERRORS as error:
            logger.error("outbox unsent", extra={"count": len(batch), "reason": failed_call(error)})
            return [change.number for change in batch]
        failed = {int(failure["Id"]): failure["Code"] for failure in answer.get("Failed", [])}
        duration_ms = elapsed_ms(began)
        for at, (change, span) in enumerate(zip(batch, spans, strict=True)):
            ref = change.event.ref
            named = {"report": ref.report_id, "user": user_hash(ref.owner)}
            told = {**span.log_fields, **named, "duration_ms": duration_ms}
            if at in failed:
                logger.error("outbox unsent", extra={**told, "outcome": "failed", "reason": failed[at]})
            else:
                logger.info("event queued", extra={**told, "outcome": "done"})
        return [batch[at].number for at in sorted(failed)]


def _changes(records: Sequence[dict[str, Any]]) -> Iterator[Change]:
    """Yield the reports that become succeeded or failed, or whose row is deleted, in these records.

    A row that is deleted before its end and not by an erasure was never accepted: its submission was undone,
    and a later attempt may still make the report.
    """
    for record in records:
        change = record["dynamodb"]
        # A record has no new image if the row was deleted, and no old one if it was inserted.
        new, old = change.get("NewImage", {}), change.get("OldImage", {})
        kind, _, report_id = change["Keys"]["sk"]["S"].partition("#")
        if kind != "report":
            continue
        ref = ReportRef(change["Keys"]["pk"]["S"].removeprefix("user#"), report_id)
        if old and not new:
            if _status(old) in UNFINISHED and "erasing" not in old:
                continue
            analysis = analysis_of(_text(old, "key"))
            # A report that expires has no part in the trace that made it, weeks before.
            trace = _text(old, "traceparent") if "erasing" in old else None
            yield Change(ReportErased(ref, analysis, seconds_now()), change["SequenceNumber"], trace)
        elif _status(new) in ENDED and _status(old) not in ENDED:
            yield Change(ReportEnded(ref), change["SequenceNumber"], _text(new, "traceparent"))


def _status(image: dict[str, Any]) -> str | None:
    return _text(image, "status")


def _text(image: dict[str, Any], attribute: str) -> str | None:
    value: str | None = image.get(attribute, {}).get("S")
    return value


@cache
def _start() -> Outbox:
    configure_logging("outbox")
    settings = OutboxSettings()
    return Outbox(AwsClients(settings.aws_region, DELIVERY).sqs(), settings.webhook_queue_url)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Forward Lambda's event; return the records to repeat the stream from (ReportBatchItemFailures)."""
    unsent = _start().forward(event["Records"])
    return failures(unsent)
