"""What came of a drill, told from what is kept: rows, the tables' streams, the journals, the queues."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.core.stored_report import from_item
from tests.drill.clients import Job
from tests.drill.fleet import Kill
from tests.drill.journal import entries
from tests.drill.world import Cloud, World

ENDED = ("succeeded", "failed")
# A message that was read before the erasure is on its way for so long at most.
ON_ITS_WAY_S = 3.0


@dataclass(frozen=True)
class Row:
    """A report's row at the end."""

    id: str
    status: str
    ended_at: int


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
                found[row["key"]].append(Row(report_id, row["status"], int(row["touched_at"])))
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


@dataclass(frozen=True)
class Words:
    """The LLM's calls: all, those beyond one for each report, those that a kill cut off, those that no kill
    explains.
    """

    calls: int
    beyond: int
    cut_off: int
    unexplained: int


def words(folder: Path, kills: list[Kill], ended_at: dict[int, int]) -> Words:
    """Count the LLM's calls; `ended_at` is when each job's report ended, in whole seconds since 1970."""
    journal = entries(folder / "llm.jsonl")
    answered = {entry["answered"] for entry in journal if "answered" in entry}
    killed = {kill.caller: kill.at for kill in kills}
    by_job: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in journal:
        if "call" in entry:
            by_job[entry["job"]].append(entry)
    cut_off = unexplained = 0
    for job, calls in by_job.items():
        for place, call in enumerate(calls):
            last = place == len(calls) - 1
            lost = call["call"] not in answered or _died_over(call, killed, ended_at.get(job))
            cut_off += lost
            unexplained += not last and not lost
    made = sum(map(len, by_job.values()))
    return Words(made, made - len(by_job), cut_off, unexplained)


def _died_over(call: dict[str, Any], killed: dict[str, float], ended_at: int | None) -> bool:
    """Whether who made the call was killed after it, before the report had ended."""
    died = killed.get(call["caller"])
    return died is not None and call["at"] <= died and (ended_at is None or int(died) <= ended_at)
