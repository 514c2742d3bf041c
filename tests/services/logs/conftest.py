"""The whole way of Edge logs over moto's AWS: the receiver, the queue, the writer and a strict CloudWatch."""

import asyncio
import base64
import gzip
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from moto import mock_aws
from mypy_boto3_s3.client import S3Client
from mypy_boto3_secretsmanager.client import SecretsManagerClient
from mypy_boto3_sqs.client import SQSClient

from services.core.aws import STORES, AwsClients
from services.core.messaging.consumer import Consumer, Message
from services.core.secrets import Secret
from services.logs import puts, writer
from services.logs.claims import Claims
from services.logs.keys import LogKeys
from services.logs.objects import LogObjects
from services.logs.puts import LogPuts
from services.logs.receiver import Receiver, answer
from services.logs.writer import Writer
from tests.services.logs.strict_cloudwatch import StrictCloudWatch

REGION, SECRET, BUCKET, TABLE = "ca-central-1", "vitrine/test/edge-logs", "images", "claims"
GROUP, STREAM = "/vitrine/test/edge", "edge"
KEY = "0123456789abcdef0123456789abcdef"


def request_event(
    body: bytes, headers: Mapping[str, str] | None = None, *, as_base64: bool = True
) -> dict[str, Any]:
    """Return an HTTP API's event for POST /hooks/logs (payload 2.0)."""
    return {
        "version": "2.0",
        "routeKey": "POST /hooks/logs",
        "rawPath": "/hooks/logs",
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "x-vitrine-logs-key": KEY,
            **(headers or {}),
        },
        "requestContext": {
            "http": {"method": "POST", "path": "/hooks/logs", "sourceIp": "192.0.2.1", "userAgent": "Tesla"},
            "requestId": "request-1",
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode() if as_base64 else body.decode(),
        "isBase64Encoded": as_base64,
    }


class Clock:
    """The writer's clock: it stands still, except for the pauses between attempts, which take no time."""

    perf_counter, time_ns = staticmethod(time.perf_counter), staticmethod(time.time_ns)

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Path:
    """The receiver and the writer, and what is between and behind them."""

    receiver: Receiver
    writer: Writer
    cloudwatch: StrictCloudWatch
    s3: S3Client
    sqs: SQSClient
    queue_url: str
    dead_letters_url: str
    secrets: SecretsManagerClient
    clock: Clock

    def post(
        self, body: bytes, headers: Mapping[str, str] | None = None, *, as_base64: bool = True
    ) -> tuple[int, dict[str, Any]]:
        """Send a body; return the status and the content of the answer."""
        given = answer(self.receiver, request_event(body, headers, as_base64=as_base64))
        return given["statusCode"], json.loads(given["body"])

    def send(self, events: list[Any]) -> tuple[int, dict[str, Any]]:
        """Send events as a drain does: gzipped JSON in base64."""
        return self.post(gzip.compress(json.dumps(events).encode()), {"content-encoding": "gzip"})

    def receive(self) -> list[Message]:
        """The messages of the queue, as Lambda hands them to the writer; they stay in the queue."""
        found: list[Message] = []
        while batch := self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0 if found else 30
        ).get("Messages"):
            found += [Message(each["MessageId"], each["ReceiptHandle"], each["Body"], 1) for each in batch]
        return found

    def settle(self, messages: list[Message], within_s: float = 30.0) -> list[str]:
        """Let the writer settle messages."""
        return asyncio.run(self.writer.settle(messages, self.clock.now + within_s))

    def write(self) -> list[str]:
        """Let the writer settle all messages of the queue; return the ids of those that stay."""
        return self.settle(self.receive())

    def lines(self) -> list[dict[str, Any]]:
        """What CloudWatch holds."""
        return [json.loads(message) for message in self.cloudwatch.messages]

    def objects(self) -> list[str]:
        """The keys of the bucket's objects."""
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def dead_letters(self) -> list[str]:
        """The reasons of the dead letters."""
        found = self.sqs.receive_message(
            QueueUrl=self.dead_letters_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [each["MessageAttributes"]["reason"]["StringValue"] for each in found.get("Messages", [])]


@dataclass(frozen=True)
class Clients:
    """Clients of moto's AWS, made once for all tests of a module."""

    s3: S3Client
    sqs: SQSClient
    secrets: SecretsManagerClient
    dynamodb: Any


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    """Moto's AWS."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        made = AwsClients(REGION, STORES)
        s3, sqs = made.s3(), made.sqs()
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
        yield Clients(s3, sqs, made.secrets_manager(), made.dynamodb())


@pytest.fixture
def path(clients: Clients) -> Iterator[Path]:
    """The whole way, empty."""
    s3, sqs, secrets = clients.s3, clients.sqs, clients.secrets
    secrets.create_secret(Name=SECRET, SecretString=KEY)
    queue_url, dead_letters_url = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("logs", "dead"))
    clients.dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    objects = LogObjects(s3, BUCKET)
    parse = partial(LogKeys.parse, source=SECRET)
    cloudwatch = StrictCloudWatch(GROUP, STREAM)
    strict: Any = cloudwatch
    clock = Clock()
    # Not by the test's own patch, which some tests undo.
    patch = pytest.MonkeyPatch()
    for module in (puts, writer):
        patch.setattr(module, "time", clock)
    yield Path(
        Receiver(Secret.named(secrets, SECRET, parse), objects, sqs, queue_url, "test"),
        Writer(
            objects,
            Claims(clients.dynamodb, TABLE),
            LogPuts(strict, GROUP, STREAM),
            Consumer(sqs, queue_url, dead_letters_url, concurrent=False),
            timedelta(days=30),
        ),
        cloudwatch,
        *(s3, sqs, queue_url, dead_letters_url, secrets, clock),
    )
    patch.undo()
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    clients.dynamodb.delete_table(TableName=TABLE)
    for url in (queue_url, dead_letters_url):
        sqs.delete_queue(QueueUrl=url)
    for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=each["Key"])
