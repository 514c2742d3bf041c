"""The jobs queue: each message names a report that its consumer continues, unless it has ended by then."""

from typing import TYPE_CHECKING

from services.core.domain.stored_report import ReportRef

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# SQS's maximum.
LONGEST_DELAY_S = 900


class JobQueue:
    """Sends messages. Every call blocks."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, ref: ReportRef, delay_s: int) -> None:
        """Have the report continued in `delay_s` seconds, at most LONGEST_DELAY_S."""
        self._sqs.send_message(
            QueueUrl=self._url, MessageBody=ref.to_json(), DelaySeconds=min(delay_s, LONGEST_DELAY_S)
        )
