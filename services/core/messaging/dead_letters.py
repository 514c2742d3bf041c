"""Messages that nobody can work on, put among the dead letters with the reason: `redrive` shows it."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

LONGEST_REASON = 500
# What SQS takes in an attribute is XML's set of characters; a reason is one line of it.
_OTHER = re.compile(r"[^\x20-\ud7ff\ue000-\ufffd]+")


def dead_letter(sqs: "SQSClient", dead_letters_url: str, body: str, reason: str) -> None:
    """Send `body` to the dead letters with the attribute `reason`: its queue may forget the message then.

    Raises what boto3 raises: the message is not to be forgotten then.
    """
    line = _OTHER.sub(" ", reason)[:LONGEST_REASON].strip() or "unknown"
    sqs.send_message(
        QueueUrl=dead_letters_url,
        MessageBody=body,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": line}},
    )
