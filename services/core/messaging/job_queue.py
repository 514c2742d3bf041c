"""The queue of jobs: whoever takes a message finishes what nobody else has finished by then."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# SQS's most.
LONGEST_DELAY_S = 900


class JobQueue:
    """Sends messages that name a report. Every call blocks."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs = sqs
        self._url = url

    def remind(self, owner: str, report_id: str, delay_s: int) -> None:
        """Have the report looked after in so many seconds, at most LONGEST_DELAY_S."""
        self._sqs.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps({"owner": owner, "report": report_id}),
            DelaySeconds=min(delay_s, LONGEST_DELAY_S),
        )
