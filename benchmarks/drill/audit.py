"""What a drill left behind: reads rows, table streams, queues, buckets and the fakes' journals."""

import base64
import binascii
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import UnidentifiedImageError

from benchmarks.drill.deployment import Cloud, Deployment
from benchmarks.drill.drill_jobs import number_on
from benchmarks.drill.fakes import entries
from benchmarks.drill.jobs import Job
from benchmarks.drill.time_scale import HURRIED
from services.core.storage.rows import from_item

ENDED = ("succeeded", "failed")
# A holder with less than half of its lease left renews it before it calls the LLM: no other worker can call
# earlier.
LEASE_LEFT_S = HURRIED.lease_s / 2
# DynamoDB's maximum.
BATCH_GET_KEYS = 100
# What may outlive an erased report: ids alone, so that a repeated webhook makes no second report.
KEPT_IDS = ("analysis#",)


@dataclass(frozen=True)
class Row:
    """A report at the end, and why it failed."""

    id: str
    status: str
    failure: str = ""


def rows(cloud: Cloud, deployment: Deployment) -> dict[str, list[Row]]:
    """Return the reports of a deployment by idempotency key."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in _table(cloud, deployment):
        if row["sk"].startswith("report#") and "key" in row:
            report_id = row["sk"].removeprefix("report#")
            failure = json.loads(row["report"]).get("failure") or {}
            reason = f"{failure['code']}: {failure['reason']}" if failure else ""
            found[row["key"]].append(Row(report_id, row["status"], reason))
    return found


def _table(cloud: Cloud, deployment: Deployment) -> Iterator[dict[str, Any]]:
    for page in cloud.dynamodb.get_paginator("scan").paginate(TableName=deployment.table):
        yield from map(from_item, page["Items"])


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


def _stream(cloud: Cloud, deployment: Deployment, after: str | None = None) -> Iterator[Any]:
    arn = cloud.streams.list_streams(TableName=deployment.table)["Streams"][0]["StreamArn"]
    shards = cloud.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
    if after is not None:
        start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
    iterator: str | None = cloud.streams.get_shard_iterator(
        StreamArn=arn, ShardId=shards[0]["ShardId"], **start
    )["ShardIterator"]
    while iterator is not None:
        answer = cloud.streams.get_records(ShardIterator=iterator, Limit=1000)
        if not answer["Records"]:
            return
        yield from answer["Records"]
        iterator = answer.get("NextShardIterator")


def unread_records(cloud: Cloud, deployment: Deployment, place: Path) -> int:
    """Count the stream's records that the outbox has not passed on; `place` is where it keeps its place."""
    after = place.read_text() if place.exists() else None
    return sum(1 for _ in _stream(cloud, deployment, after))


def unfinished(cloud: Cloud, deployment: Deployment) -> int:
    """Count the reports that have not ended."""
    pages = cloud.dynamodb.get_paginator("scan").paginate(
        TableName=deployment.table, IndexName="unfinished", Select="COUNT"
    )
    return sum(page["Count"] for page in pages)


def unfinished_rows(cloud: Cloud, deployment: Deployment) -> list[str]:
    """Return each report that has not ended, with the attributes that say why."""
    told = ("status", "attempt", "lease_until", "erasing", "inference_id", "unfinished")
    return [
        f"{deployment.table}: {row['pk']} {row['sk']} { ({name: row[name] for name in told if name in row}) }"
        for row in _table(cloud, deployment)
        if "unfinished" in row
    ]


def queue_length(cloud: Cloud, url: str) -> int:
    """Return the number of messages in a queue: visible, in flight and delayed."""
    names: Any = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    answer = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(answer["Attributes"].get(name, 0)) for name in names)


def left_behind(cloud: Cloud, deployment: Deployment, jobs: Iterable[Job], folder: Path) -> list[str]:
    """Return what every store of a deployment still holds of erased jobs: keys of rows and objects."""
    erased = [job for job in jobs if job.erased]
    ids = {job.report_id for job in erased if job.report_id}
    keys = {f"key#{job.key}" for job in erased}
    uploads = {job.upload for job in erased if job.upload}
    found = []
    for row in _table(cloud, deployment):
        if row["pk"].startswith(KEPT_IDS):
            continue
        if row["sk"] in keys or not ids.isdisjoint({row["sk"].partition("#")[2], row.get("report_id", "")}):
            found.append(f"{deployment.table}: {row['pk']} {row['sk']}")
    for key, _ in _objects(cloud, deployment.photos):
        if not (ids | uploads).isdisjoint(key.split("/")):
            found.append(f"{deployment.photos}: {key}")
    if deployment.mode == "async":
        stems = {
            entry["stem"]
            for entry in entries(folder / "answers.jsonl")
            if entry["inference"].split(".")[0] in ids
        }
        numbers = {job.number for job in erased}
        for key, _ in _objects(cloud, deployment.async_io):
            name = key.rpartition("/")[2]
            known = name.startswith((*ids, *stems))
            if known or (key.startswith("requests/") and _job_of(cloud, deployment, key) in numbers):
                found.append(f"{deployment.async_io}: {key}")
    return found


def _objects(cloud: Cloud, bucket: str) -> Iterator[tuple[str, int]]:
    for page in cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from ((item["Key"], item["Size"]) for item in page.get("Contents", []))


def _job_of(cloud: Cloud, deployment: Deployment, key: str) -> int | None:
    body = cloud.s3.get_object(Bucket=deployment.async_io, Key=key)["Body"].read()
    try:
        return number_on(base64.b64decode(json.loads(body)["photos"][0]))
    except (ValueError, KeyError, binascii.Error, UnidentifiedImageError):
        return None


def in_flight(
    cloud: Cloud, deployment: Deployment, folder: Path, caller: str, numbers: Mapping[str, int]
) -> set[int]:
    """Return the unfinished jobs about which a process called the LLM, read right after its kill.

    `numbers` are those of the jobs by idempotency key. The process's leases keep other processes from
    finishing these jobs meanwhile.
    """
    found = cloud.dynamodb.scan(TableName=deployment.table, IndexName="unfinished")["Items"]
    keys = [{name: item[name] for name in ("pk", "sk")} for item in found]
    called = {entry["job"] for entry in entries(folder / "llm.jsonl") if entry.get("caller") == caller}
    cut_off: set[int] = set()
    for start in range(0, len(keys), BATCH_GET_KEYS):
        request: Any = {
            deployment.table: {"Keys": keys[start : start + BATCH_GET_KEYS], "ConsistentRead": True}
        }
        for item in cloud.dynamodb.batch_get_item(RequestItems=request)["Responses"][deployment.table]:
            if "unfinished" in item and "key" in item:
                cut_off.add(numbers.get(item["key"]["S"], -1))
    return cut_off & called


@dataclass(frozen=True)
class LlmCalls:
    """Counts: all calls, those beyond one per report, and what explains these.

    A kill cuts a call off, or its lease ends before it does, on a slow machine; the rest is unexplained.
    """

    calls: int
    beyond: int
    cut_off: int
    outlasted: int
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
    cut_off = outlasted = unexplained = 0
    for job, calls in by_job.items():
        lost = [call["call"] not in answered or job in cut_off_jobs.get(call["caller"], ()) for call in calls]
        cut_off += sum(lost)
        for call, next_call, was_lost in zip(calls, calls[1:], lost, strict=False):
            if not was_lost:
                late = next_call["at"] - call["at"] >= LEASE_LEFT_S
                outlasted += late
                unexplained += not late
    made = sum(map(len, by_job.values()))
    return LlmCalls(made, made - len(by_job), cut_off, outlasted, unexplained)
