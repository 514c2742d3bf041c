"""What a drill left behind: reads rows, table streams, queues and the fakes' journals."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.drill.clients import Job, key_of
from benchmarks.drill.deployment import Cloud, Deployment
from benchmarks.drill.fakes import entries
from services.core.storage.rows import from_item

ENDED = ("succeeded", "failed")
# An event that was read before the erasure may arrive this much later.
IN_TRANSIT_S = 3.0
# DynamoDB's maximum.
BATCH_GET_KEYS = 100


@dataclass(frozen=True)
class Row:
    """Id and status of a report at the end."""

    id: str
    status: str


@dataclass(frozen=True)
class Webhooks:
    """The receiver's journals: times of delivery by report, applications by report, refused deliveries."""

    delivered: dict[str, list[float]]
    applied: Counter[str]
    refused: int


def rows(cloud: Cloud, deployment: Deployment) -> dict[str, list[Row]]:
    """Return the reports of a deployment by idempotency key."""
    found: dict[str, list[Row]] = defaultdict(list)
    for page in cloud.dynamodb.get_paginator("scan").paginate(TableName=deployment.table):
        for item in page["Items"]:
            row = from_item(item)
            if row["sk"].startswith("report#"):
                report_id = row["sk"].removeprefix("report#")
                found[row["key"]].append(Row(report_id, row["status"]))
    return found


def ends(cloud: Cloud, deployment: Deployment) -> Counter[str]:
    """Count per report how often it ended or changed after its end, by the table's stream."""
    counted: Counter[str] = Counter()
    for record in _stream(cloud, deployment):
        change = record["dynamodb"]
        kind, _, report_id = change["Keys"]["sk"]["S"].partition("#")
        new, old = (change.get(image, {}) for image in ("NewImage", "OldImage"))
        if kind == "report" and _status(new) in ENDED:
            counted[report_id] += _status(old) not in ENDED or new["report"] != old["report"]
    return counted


def _status(image: dict[str, Any]) -> str:
    return str(image.get("status", {}).get("S"))


def _stream(cloud: Cloud, deployment: Deployment) -> Iterator[Any]:
    arn = cloud.streams.list_streams(TableName=deployment.table)["Streams"][0]["StreamArn"]
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


def photos_of(cloud: Cloud, deployment: Deployment, reports: Iterable[str]) -> int:
    """Count the stored photos of these reports."""
    ids = set(reports)
    pages = cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=deployment.photos)
    keys = (item["Key"] for page in pages for item in page.get("Contents", []))
    return sum(not ids.isdisjoint(key.split("/")) for key in keys)


def queue_length(cloud: Cloud, url: str) -> int:
    """Return the approximate number of messages in a queue."""
    answer = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def webhooks(folder: Path) -> Webhooks:
    """Read the receiver's journals."""
    delivered: dict[str, list[float]] = defaultdict(list)
    refused = 0
    for entry in entries(folder / "deliveries.jsonl"):
        if "report" in entry:
            delivered[entry["report"]].append(entry["at"])
        else:
            refused += 1
    return Webhooks(
        delivered, Counter(entry["report"] for entry in entries(folder / "applied.jsonl")), refused
    )


def late_webhooks(jobs: Iterable[Job], delivered: dict[str, list[float]]) -> int:
    """Count the webhooks that arrive more than `IN_TRANSIT_S` after their report is erased."""
    return sum(
        at > job.erased_at + IN_TRANSIT_S
        for job in jobs
        if job.erased_at is not None
        for at in delivered.get(job.report_id or "", ())
    )


def in_flight(cloud: Cloud, deployment: Deployment, folder: Path, caller: str) -> set[int]:
    """Return the unfinished jobs about which a process called the LLM, read right after its kill.

    The process's leases keep other processes from finishing these jobs meanwhile.
    """
    found = cloud.dynamodb.scan(TableName=deployment.table, IndexName="unfinished")["Items"]
    keys = [{name: item[name] for name in ("pk", "sk")} for item in found]
    unfinished = set()
    for start in range(0, len(keys), BATCH_GET_KEYS):
        request: Any = {
            deployment.table: {"Keys": keys[start : start + BATCH_GET_KEYS], "ConsistentRead": True}
        }
        for item in cloud.dynamodb.batch_get_item(RequestItems=request)["Responses"][deployment.table]:
            if "unfinished" in item:
                unfinished.add(item["key"]["S"])
    calls = (entry for entry in entries(folder / "llm.jsonl") if entry.get("caller") == caller)
    return {call["job"] for call in calls if key_of(call["job"]) in unfinished}


@dataclass(frozen=True)
class LlmCalls:
    """Counts: all calls, those beyond one per report, those cut off by a kill, and those beyond one per
    report that no kill explains.
    """

    calls: int
    beyond: int
    cut_off: int
    unexplained: int


def llm_calls(folder: Path, cut_off_jobs: Mapping[str, set[int]]) -> LlmCalls:
    """Count the LLM's calls; `cut_off_jobs` are the jobs in flight by killed caller.

    A call that a killed LLM did not answer is cut off, too.
    """
    journal = entries(folder / "llm.jsonl")
    answered = {entry["answered"] for entry in journal if "answered" in entry}
    by_job: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in journal:
        if "call" in entry:
            by_job[entry["job"]].append(entry)
    cut_off = unexplained = 0
    for job, calls in by_job.items():
        lost = [call["call"] not in answered or job in cut_off_jobs.get(call["caller"], ()) for call in calls]
        cut_off += sum(lost)
        unexplained += len(calls) - 1 - sum(lost[:-1])
    made = sum(map(len, by_job.values()))
    return LlmCalls(made, made - len(by_job), cut_off, unexplained)
