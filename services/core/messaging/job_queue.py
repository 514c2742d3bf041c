"""The queue of jobs: its consumer resumes each report that has not ended when the message arrives."""

from typing import TYPE_CHECKING

from services.core.domain.stored_report import ReportRef

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# The SQS maximum.
LONGEST_DELAY_S = 900


class JobQueue:
    """Sends references of reports. Every call blocks."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, ref: ReportRef, delay_s: int) -> None:
        """Send the reference, delivered in `delay_s` seconds, at most LONGEST_DELAY_S."""
        self._sqs.send_message(
            QueueUrl=self._url, MessageBody=ref.to_json(), DelaySeconds=min(delay_s, LONGEST_DELAY_S)
        )
