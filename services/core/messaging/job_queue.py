"""The queue of jobs: what it is sent, and when it is delivered."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.core.domain.stored_report import ReportRef
from services.core.messaging.attributes import delay_attributes, trace_attributes

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# The SQS maximum.
LONGEST_DELAY_S = 900


@dataclass(frozen=True)
class JobQueue:
    """The queue of jobs: its consumer continues each report that has not ended by then. Every call blocks.

    A message continues the sender's trace.
    """

    sqs: "SQSClient"
    url: str

    def send(self, ref: ReportRef, delay_s: int) -> None:
        """Send the reference, delivered in `delay_s` seconds, at most LONGEST_DELAY_S."""
        delay_s = min(delay_s, LONGEST_DELAY_S)
        self.sqs.send_message(
            QueueUrl=self.url,
            MessageBody=ref.to_json(),
            DelaySeconds=delay_s,
            MessageAttributes={**trace_attributes(), **delay_attributes(delay_s)},
        )

    def send_erasure(self, ref: ReportRef) -> None:
        """Have the report erased by the consumer of the queue."""
        body = json.dumps({**json.loads(ref.to_json()), "erase": True})
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=trace_attributes())
