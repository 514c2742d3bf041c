"""The Lambda functions, made of their variables."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from services.logs import receiver, writer
from tests.services.logs.conftest import BUCKET, GROUP, REGION, SECRET, STREAM, TABLE, Path, request_event
from tests.services.logs.events import console


class Context:
    """What Lambda says of a run's time."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def variables(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The variables of both functions, and logging as it was."""
    named = {
        "AWS_REGION": REGION,
        "IMAGE_BUCKET": BUCKET,
        "LOGS_QUEUE_URL": path.queue_url,
        "LOGS_DEAD_LETTERS_URL": path.dead_letters_url,
        "LOGS_SECRET_NAME": SECRET,
        "CLAIMS_TABLE": TABLE,
        "EDGE_LOG_GROUP": GROUP,
        "EDGE_LOG_STREAM": STREAM,
        "LOG_RETENTION_DAYS": "30",
        "ENVIRONMENT": "prod",
    }
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield path
    for module in (receiver, writer):
        module._start.cache_clear()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def record(message: dict[str, Any]) -> dict[str, Any]:
    """Return an SQS message as Lambda's event holds it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
    }


def test_functions_work_from_their_variables(variables: Path) -> None:
    path = variables
    answered = receiver.handle(request_event(json.dumps([console()]).encode()), None)
    assert (answered["statusCode"], json.loads(answered["body"])) == (202, {"kept": 1, "dropped": {}})
    received: Any = path.sqs.receive_message(QueueUrl=path.queue_url)
    # Without such a log group the message stays.
    (message,) = received["Messages"]
    told = writer.handle({"Records": [record(message)]}, Context())
    assert told == {"batchItemFailures": [{"itemIdentifier": message["MessageId"]}]}
    writer._start()[0].close()
