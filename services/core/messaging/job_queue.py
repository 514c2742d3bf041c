"""The queue of jobs: its consumer resumes each report that has not ended when the message arrives."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# The SQS maximum.
LONGEST_DELAY_S = 900


class JobQueue:
    """Sends references of reports. Every call blocks."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs = sqs
        self._url = url

    def remind(self, owner: str, report_id: str, delay_s: int) -> None:
        """Send a reference of the report, delivered in `delay_s` seconds, at most LONGEST_DELAY_S."""
        self._sqs.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps({"owner": owner, "report": report_id}),
            DelaySeconds=min(delay_s, LONGEST_DELAY_S),
        )
