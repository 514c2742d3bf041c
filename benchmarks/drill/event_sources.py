"""Lambda's event sources for the emulator's queues and streams, with the faults that AWS allows.

A message may arrive twice, late, out of order, or again after it was handled; a seed determines which.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from benchmarks.drill.stream_filter import Pattern, passes
from services.core.aws import CALL_ERRORS

# Less than the shortest visibility timeout of the drill.
PROLONG_EVERY_S, PROLONGED_S = 5.0, 14
Handler = Callable[[dict[str, Any], object], dict[str, Any]]


@dataclass(frozen=True)
class Faults:
    """The probabilities that a message is delayed, doubled in a batch, or redelivered later, each 0 to 1."""

    chance: random.Random
    late: float = 0.05
    twice: float = 0.03
    again: float = 0.05
    longest_s: int = 4

    def happens(self, probability: float) -> bool:
        """Whether a fault with this probability happens now."""
        return self.chance.random() < probability


NONE = Faults(random.Random(0), late=0, twice=0, again=0)  # noqa: S311 - a drill's faults


class QueueSource:
    """Passes batches of one queue to a handler, and deletes the messages that it handled."""

    def __init__(self, url: str, handle: Handler, faults: Faults, batch: int = 10) -> None:
        self._sqs = boto3.client("sqs")
        self._url = url
        self._handle = handle
        self._faults = faults
        self._batch = batch

    def run(self) -> None:
        """Poll for ever; after a failure of queue or handler, the batch becomes visible again."""
        while True:
            try:
                self.poll()
            except CALL_ERRORS as error:
                print(f"{self._url}: {type(error).__name__}: {error}", flush=True)  # noqa: T201
                time.sleep(0.5)

    def poll(self) -> None:
        """Receive and handle one batch."""
        received = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=self._batch,
            WaitTimeSeconds=2,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = list(received.get("Messages", []))
        on_time = []
        for message in messages:
            if self._faults.happens(self._faults.late):
                self._defer(message["ReceiptHandle"])
            else:
                on_time.append(message)
                if self._faults.happens(self._faults.twice):
                    on_time.append(message)
        if not on_time:
            return
        self._faults.chance.shuffle(on_time)
        with self._hidden(on_time):
            answer = self._handle({"Records": [_record(message) for message in on_time]}, None)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in {message["MessageId"]: message for message in on_time}.values():
            if message["MessageId"] in failed:
                continue
            if self._faults.happens(self._faults.again):
                self._defer(message["ReceiptHandle"])
            else:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    @contextmanager
    def _hidden(self, messages: list[Any]) -> Iterator[None]:
        """Keep messages hidden while they are handled, on however slow a machine.

        In AWS their visibility timeout is above that of the function. A kill makes them visible again.
        """
        ended = threading.Event()

        def prolong() -> None:
            while not ended.wait(PROLONG_EVERY_S):
                with suppress(*CALL_ERRORS):
                    for message in messages:
                        self._sqs.change_message_visibility(
                            QueueUrl=self._url,
                            ReceiptHandle=message["ReceiptHandle"],
                            VisibilityTimeout=PROLONGED_S,
                        )

        thread = threading.Thread(target=prolong, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _defer(self, handle: str) -> None:
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
        "messageAttributes": {
            name: {"dataType": value["DataType"], "stringValue": value["StringValue"]}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "eventSource": "aws:sqs",
    }


class StreamSource:
    """Passes a table's changes to a handler in order; the file `place` keeps the last sequence number.

    The handler gets the records that fit one of the `patterns`, or all of them if there are none.
    """

    def __init__(
        self, table: str, place: Path, handle: Handler, faults: Faults, patterns: Sequence[Pattern] = ()
    ) -> None:
        self._streams = boto3.client("dynamodbstreams")
        self._arn = self._streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
        self._place = place
        self._handle = handle
        self._faults = faults
        self._patterns = patterns

    def run(self) -> None:
        """Poll for ever."""
        iterator = None
        while True:
            try:
                iterator = self.poll(iterator or self._iterator())
            except CALL_ERRORS as error:
                print(f"{self._arn}: {type(error).__name__}: {error}", flush=True)  # noqa: T201
                iterator = None
                time.sleep(0.5)

    def poll(self, iterator: str) -> str | None:
        """Handle one batch; return the next iterator, or None to start again after the kept place."""
        found = self._streams.get_records(ShardIterator=iterator, Limit=100)
        records, further = found["Records"], str(found["NextShardIterator"])
        if not records:
            time.sleep(0.2)
            return further
        passed = [record for record in records if passes(record, self._patterns)]
        answer = self._handle({"Records": passed}, None) if passed else {"batchItemFailures": []}
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
