"""Lambda's event sources over the emulator's queues and streams, at their worst: what is delivered may come
twice, late, out of order and again after it was settled. Seeded.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


@dataclass(frozen=True)
class Faults:
    """How likely a message is held back, delivered twice at once, or again later, each of 0 to 1."""

    chance: random.Random
    late: float = 0.05
    twice: float = 0.03
    again: float = 0.05
    longest_s: int = 4

    def happens(self, likelihood: float) -> bool:
        """Whether it does, this time."""
        return self.chance.random() < likelihood


NONE = Faults(random.Random(0), late=0, twice=0, again=0)  # noqa: S311 - a drill's faults


class QueueSource:
    """Takes messages of one queue to one handler, batch by batch; forgets those that are settled."""

    def __init__(self, url: str, handle: Handler, faults: Faults, batch: int = 10) -> None:
        self._sqs = boto3.client("sqs")
        self._url = url
        self._handle = handle
        self._faults = faults
        self._batch = batch

    def run(self) -> None:
        """Go on for ever; a failure of the queue or of the handler leaves the batch to come again."""
        while True:
            try:
                self.turn()
            except (BotoCoreError, ClientError) as error:
                print(f"{self._url}: {type(error).__name__}: {error}", flush=True)  # noqa: T201
                time.sleep(0.5)

    def turn(self) -> None:
        """Take one batch."""
        received = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=self._batch,
            WaitTimeSeconds=2,
            MessageSystemAttributeNames=["All"],
        )
        messages = list(received.get("Messages", []))
        on_time = []
        for message in messages:
            if self._faults.happens(self._faults.late):
                self._hide(message["ReceiptHandle"])
            else:
                on_time.append(message)
                if self._faults.happens(self._faults.twice):
                    on_time.append(message)
        if not on_time:
            return
        self._faults.chance.shuffle(on_time)
        answer = self._handle({"Records": [_record(message) for message in on_time]}, None)
        unsettled = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in {message["MessageId"]: message for message in on_time}.values():
            if message["MessageId"] in unsettled:
                continue
            if self._faults.happens(self._faults.again):
                self._hide(message["ReceiptHandle"])
            else:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _hide(self, handle: str) -> None:
        self._sqs.change_message_visibility(
            QueueUrl=self._url,
            ReceiptHandle=handle,
            VisibilityTimeout=self._faults.chance.randint(0, self._faults.longest_s),
        )


def _record(message: Any) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "eventSource": "aws:sqs",
    }


class StreamSource:
    """Takes a table's changes to one handler, in order; `place` remembers how far it got, as Lambda does."""

    def __init__(self, table: str, place: Path, handle: Handler, faults: Faults) -> None:
        self._streams = boto3.client("dynamodbstreams")
        self._arn = self._streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
        self._place = place
        self._handle = handle
        self._faults = faults

    def run(self) -> None:
        """Go on for ever."""
        iterator = None
        while True:
            try:
                iterator = self.turn(iterator or self._iterator())
            except (BotoCoreError, ClientError) as error:
                print(f"{self._arn}: {type(error).__name__}: {error}", flush=True)  # noqa: T201
                iterator = None
                time.sleep(0.5)

    def turn(self, iterator: str) -> str | None:
        """Take one batch; None to begin again from the place that is remembered."""
        found = self._streams.get_records(ShardIterator=iterator, Limit=100)
        records, further = found["Records"], str(found["NextShardIterator"])
        if not records:
            time.sleep(0.2)
            return further
        answer = self._handle({"Records": records}, None)
        if answer["batchItemFailures"] or self._faults.happens(self._faults.again):
            return None
        draft = self._place.with_suffix(".new")
        draft.write_text(records[-1]["dynamodb"]["SequenceNumber"])
        draft.replace(self._place)
        return further

    def _iterator(self) -> str:
        shard = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"][0][
            "ShardId"
        ]
        start: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if self._place.exists():
            start = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "SequenceNumber": self._place.read_text(),
            }
        return str(
            self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard, **start)["ShardIterator"]
        )
