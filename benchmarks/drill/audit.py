"""What came of a drill, told from what is kept: rows, the tables' streams, the journals, the queues."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.drill.clients import Job, key_of
from benchmarks.drill.journal import entries
from benchmarks.drill.world import Cloud, World
from services.core.storage.rows import from_item

ENDED = ("succeeded", "failed")
# A message that was read before the erasure is on its way for so long at most.
ON_ITS_WAY_S = 3.0
# DynamoDB's most.
MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Row:
    """A report's row at the end."""

    id: str
    status: str


@dataclass(frozen=True)
class Told:
    """What the receiver had."""

    deliveries: dict[str, list[float]]
    applied: Counter[str]
    refused: int


def rows(cloud: Cloud, world: World) -> dict[str, list[Row]]:
    """The reports of a world, by idempotency key."""
    found: dict[str, list[Row]] = defaultdict(list)
    for page in cloud.dynamodb.get_paginator("scan").paginate(TableName=world.table):
        for item in page["Items"]:
            row = from_item(item)
            if row["sk"].startswith("report#"):
                report_id = row["sk"].removeprefix("report#")
                found[row["key"]].append(Row(report_id, row["status"]))
    return found


def ends(cloud: Cloud, world: World) -> Counter[str]:
    """How often each report of a world ended, or changed after it had, by its stream."""
    counted: Counter[str] = Counter()
    for record in _stream(cloud, world):
        change = record["dynamodb"]
        kind, _, report_id = change["Keys"]["sk"]["S"].partition("#")
        new, old = (change.get(image, {}) for image in ("NewImage", "OldImage"))
        if kind == "report" and _status(new) in ENDED:
            counted[report_id] += _status(old) not in ENDED or new["report"] != old["report"]
    return counted


def _status(image: dict[str, Any]) -> str:
    return str(image.get("status", {}).get("S"))


def _stream(cloud: Cloud, world: World) -> Iterator[Any]:
    arn = cloud.streams.list_streams(TableName=world.table)["Streams"][0]["StreamArn"]
    shards = cloud.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator: str | None = cloud.streams.get_shard_iterator(
        StreamArn=arn, ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while iterator is not None:
        answer = cloud.streams.get_records(ShardIterator=iterator, Limit=1000)
        if not answer["Records"]:
            return
        yield from answer["Records"]
        iterator = answer.get("NextShardIterator")


def photos_of(cloud: Cloud, world: World, reports: Iterable[str]) -> int:
    """How many photos there still are of these reports."""
    ids = set(reports)
    pages = cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=world.photos)
    keys = (item["Key"] for page in pages for item in page.get("Contents", []))
    return sum(not ids.isdisjoint(key.split("/")) for key in keys)


def waiting(cloud: Cloud, url: str) -> int:
    """How many messages a queue holds."""
    answer = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def told(folder: Path) -> Told:
    """What the receiver's journals say."""
    deliveries: dict[str, list[float]] = defaultdict(list)
    refused = 0
    for entry in entries(folder / "deliveries.jsonl"):
        if "report" in entry:
            deliveries[entry["report"]].append(entry["at"])
        else:
            refused += 1
    return Told(deliveries, Counter(entry["report"] for entry in entries(folder / "applied.jsonl")), refused)


def told_late(jobs: Iterable[Job], deliveries: dict[str, list[float]]) -> int:
    """How many events came after their report had been erased for a while."""
    return sum(
        at > job.erased_at + ON_ITS_WAY_S
        for job in jobs
        if job.erased_at is not None
        for at in deliveries.get(job.report_id or "", ())
    )


def in_flight(cloud: Cloud, world: World, folder: Path, caller: str) -> set[int]:
    """The jobs that a process had asked the LLM about, and not ended: read right after it was killed.

    Its leases keep others away for longer than the reading takes.
    """
    found = cloud.dynamodb.scan(TableName=world.table, IndexName="unfinished")["Items"]
    keys = [{name: item[name] for name in ("pk", "sk")} for item in found]
    unfinished = set()
    for start in range(0, len(keys), MOST_AT_ONCE):
        asked: Any = {world.table: {"Keys": keys[start : start + MOST_AT_ONCE], "ConsistentRead": True}}
        for item in cloud.dynamodb.batch_get_item(RequestItems=asked)["Responses"][world.table]:
            if "unfinished" in item:
                unfinished.add(item["key"]["S"])
    calls = (entry for entry in entries(folder / "llm.jsonl") if entry.get("caller") == caller)
    return {call["job"] for call in calls if key_of(call["job"]) in unfinished}


@dataclass(frozen=True)
class Words:
    """The LLM's calls: all, those beyond one for each report, those in flight at a kill, and those beyond
    that no kill explains.
    """

    calls: int
    beyond: int
    in_flight: int
    unexplained: int


def words(folder: Path, over: Mapping[str, set[int]]) -> Words:
    """Count the LLM's calls; `over` holds what was in flight when its callers were killed.

    A call that the LLM itself did not live to answer is in flight too.
    """
    journal = entries(folder / "llm.jsonl")
    answered = {entry["answered"] for entry in journal if "answered" in entry}
    by_job: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in journal:
        if "call" in entry:
            by_job[entry["job"]].append(entry)
    cut_off = unexplained = 0
    for job, calls in by_job.items():
        lost = [call["call"] not in answered or job in over.get(call["caller"], ()) for call in calls]
        cut_off += sum(lost)
        unexplained += len(calls) - 1 - sum(lost[:-1])
    made = sum(map(len, by_job.values()))
    return Words(made, made - len(by_job), cut_off, unexplained)
