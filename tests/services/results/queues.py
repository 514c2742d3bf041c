"""Messages as Lambda hands them over, from a queue of moto's."""

import json
from typing import Any

from mypy_boto3_sqs.client import SQSClient


def taken(sqs: SQSClient, queue_url: str) -> list[Any]:
    """Take all messages that can be seen out of a queue; returns their bodies, read as JSON."""
    bodies = []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def lambda_event(sqs: SQSClient, queue_url: str) -> dict[str, Any]:
    """Receive up to 10 messages as an event source mapping does."""
    received = sqs.receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    ).get("Messages", [])
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {
                    name: {"dataType": value["DataType"], "stringValue": value["StringValue"]}
                    for name, value in message.get("MessageAttributes", {}).items()
                },
                "eventSource": "aws:sqs",
            }
            for message in received
        ]
    }


def counts(sqs: SQSClient, queue_url: str) -> tuple[int, int]:
    """Return how many messages can be seen, and how many are hidden."""
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    hidden = attributes["ApproximateNumberOfMessagesNotVisible"]
    return int(attributes["ApproximateNumberOfMessages"]), int(hidden)
