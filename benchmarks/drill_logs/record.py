"""What a drill left behind: log group, bucket, queues, table, journals and the processes' own log lines."""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.drill.fakes import entries
from benchmarks.drill_logs.batches import Expected
from benchmarks.drill_logs.cloudwatch import JOURNAL
from benchmarks.drill_logs.instance import MEMORY, MESSAGES
from benchmarks.drill_logs.launch import BUCKET, TABLE, Launched
from benchmarks.drill_logs.senders import Sent
from benchmarks.log_lines import lines_of


@dataclass
class Delivery:
    """A message of the queue: its object and how many events that has; how often it came, and was handled.

    A `shared` one may have been with two writers at once, each of which counts what it writes.
    """

    key: str
    count: int
    received: int = 0
    handled: int = 0
    shared: bool = False

    @property
    def interrupted(self) -> bool:
        """Whether a kill ended a run that had it, so that what the run counted may be in no line."""
        return self.handled < self.received


@dataclass
class Record:
    """Everything by which a drill is judged."""

    expected: dict[str, Expected]
    sent: list[Sent]
    # The time in milliseconds and the text of each line in the log group.
    written: list[tuple[int, str]]
    illegal: list[str]
    calls_refused: Counter[str]
    # The content of each object by its key.
    objects: dict[str, str]
    # By the message's id: the delivery, and what the writer's lines counted of it by reason.
    deliveries: dict[str, Delivery]
    counts: dict[str, Counter[str]]
    dead_letters: list[str]
    # All other texts that were stored or written, each with its place.
    texts: list[tuple[str, str]] = field(default_factory=list)
    # The most memory of an instance by role, in MB.
    peak_mb: dict[str, float] = field(default_factory=dict)


def read(
    launched: Launched, expected: dict[str, Expected], sent: list[Sent], folder: Path, logs: Path
) -> Record:
    """Read every store of a drill at rest."""
    cloud, put = launched.cloud, entries(folder / JOURNAL)
    dead = _messages(launched, launched.dead_letters)
    rows = cloud.dynamodb.get_paginator("scan").paginate(TableName=TABLE)
    deliveries, bodies = _deliveries(folder)
    return Record(
        expected=expected,
        sent=sent,
        written=[(at, text) for entry in put for at, text in entry.get("written", ())],
        illegal=[entry["reason"] for entry in put if entry.get("refused") == "InvalidParameterException"],
        calls_refused=Counter(entry["refused"] for entry in put if "refused" in entry),
        objects=dict(_objects(launched)),
        deliveries=deliveries,
        counts=_counts(logs),
        dead_letters=dead,
        texts=[
            *(("queue", body) for body in bodies),
            *(("dead letters", body) for body in dead),
            *(("table", json.dumps(row, ensure_ascii=False)) for page in rows for row in page["Items"]),
            *((log.name, line) for log in sorted(logs.glob("*.log")) for line in lines_of(log)),
            *(("answer", each.text) for each in sent),
        ],
        peak_mb=_peaks(folder),
    )


def _objects(launched: Launched) -> Iterator[tuple[str, str]]:
    s3 = launched.cloud.s3
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", []):
            body = s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
            text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
            yield item["Key"], text.decode("utf-8", "replace")


def _messages(launched: Launched, url: str) -> list[str]:
    """Receive what a queue holds, once."""
    bodies: dict[str, str] = {}
    while found := launched.cloud.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600, MessageAttributeNames=["All"]
    ).get("Messages"):
        bodies |= {message["MessageId"]: json.dumps(dict(message)) for message in found}
    return list(bodies.values())


def _deliveries(folder: Path) -> tuple[dict[str, Delivery], list[str]]:
    deliveries: dict[str, Delivery] = {}
    bodies = []
    for entry in entries(folder / MESSAGES):
        if "received" in entry:
            bodies.append(entry["body"])
            said = json.loads(entry["body"])
            delivery = deliveries.setdefault(entry["received"], Delivery(said["key"], said["count"]))
            delivery.received += 1
        elif "shared" in entry:
            deliveries[entry["shared"]].shared = True
        else:
            deliveries[entry["handled"]].handled += 1
    return deliveries, bodies


def _counts(logs: Path) -> dict[str, Counter[str]]:
    """Add up by message what the writers' lines counted."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for log in logs.glob("writer*.log"):
        for text in lines_of(log, mixed=True):
            line: dict[str, Any] = json.loads(text)
            if "counts" in line and "message_id" in line:
                counted[line["message_id"]].update(line["counts"])
    return dict(counted)


def _peaks(folder: Path) -> dict[str, float]:
    peaks: dict[str, float] = {}
    for entry in entries(folder / MEMORY):
        peaks[entry["role"]] = max(peaks.get(entry["role"], 0.0), entry["mb"])
    return peaks
