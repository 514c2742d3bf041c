"""What a drill at rest finds: each fault by its name, in whichever store it is."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from benchmarks.drill import audit
from benchmarks.drill.deployment import Deployment
from benchmarks.drill.drill_jobs import photo
from benchmarks.drill.fakes import Journal
from benchmarks.drill.figures import Verdict, judge, wrong_lines
from benchmarks.drill.jobs import Erasure, Job, Way
from benchmarks.emulated_stores import table_declaration
from services.core.storage.rows import to_item

AT = Deployment(
    "async", 1, "reports", "photos", "exchange", *("q",) * 6, ("success", "error")
)  # fmt: skip
ID, OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"


def job(number: int = 1, way: Way = Way.API, **known: Any) -> Job:
    return Job(number, AT, "seller1", way, **known)


@pytest.fixture
def cloud() -> Iterator[Any]:
    with mock_aws():
        region: Any = {"region_name": "ca-central-1"}
        s3, dynamodb = boto3.client("s3", **region), boto3.client("dynamodb", **region)
        for bucket in (AT.photos, AT.async_io):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
        dynamodb.create_table(**{**table_declaration(), "TableName": AT.table})
        yield SimpleNamespace(s3=s3, dynamodb=dynamodb)


ROWS = {
    f"report#{ID}": {},
    "key#drill-1": {},
    "sight#abc": {"report_id": ID},
}
OTHER_ROWS = {
    f"report#{OTHER}": {},
    "key#drill-2": {},
    "quota#2026-11-26": {},
    "sight#def": {"report_id": OTHER},
}
OBJECTS = {
    AT.photos: (f"photos/u/{ID}/1.jpg", "uploads/u/01UPLOAD"),
    # A request is known by its photos, not by its name.
    AT.async_io: (
        *(f"requests/{ID}.json", "requests/renamed.json"),
        *("answers/stem-1.out", "failures/stem-1-error.out"),
    ),
}
OTHER_OBJECTS = {AT.photos: (f"photos/u/{OTHER}/1.jpg",), AT.async_io: ("answers/stem-2.out",)}


def test_every_store_is_searched(cloud: Any, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "answers.jsonl")
    journal.note(inference=f"{ID}.0a", stem="stem-1")
    journal.note(inference=f"{OTHER}.0a", stem="stem-2")
    erased = job(report_id=ID, upload="01UPLOAD", erased=True)
    for sk, values in (ROWS | OTHER_ROWS).items():
        row = {"pk": f"user#{erased.user_id}", "sk": sk, **values}
        cloud.dynamodb.put_item(TableName=AT.table, Item=to_item(row))
    link = {"pk": "analysis#1", "sk": "report", "report_id": ID}
    cloud.dynamodb.put_item(TableName=AT.table, Item=to_item(link))
    body = json.dumps({"photos": [base64.b64encode(photo(1)).decode()]})
    for objects in (OBJECTS, OTHER_OBJECTS):
        for bucket, keys in objects.items():
            for key in keys:
                cloud.s3.put_object(Bucket=bucket, Key=key, Body=body)
    found = audit.left_behind(cloud, AT, [erased], tmp_path)
    rows = {f"{AT.table}: user#{erased.user_id} {sk}" for sk in ROWS}
    assert set(found) == rows | {f"{bucket}: {key}" for bucket, keys in OBJECTS.items() for key in keys}
    assert audit.left_behind(cloud, AT, [job(report_id=ID)], tmp_path) == []


DONE = audit.Row(ID, "succeeded")
REFUSED = audit.Row(ID, "failed", "invalid_input: no such upload")


def verdict(
    monkeypatch: pytest.MonkeyPatch,
    one: Job,
    rows: list[audit.Row],
    told: dict[str, str],
    ends: int = 1,
    answered: str | None = ID,
) -> Verdict:
    monkeypatch.setattr(audit, "rows", lambda *_: {one.key: rows})
    monkeypatch.setattr(audit, "ends", lambda *_: Counter({row.id: ends for row in rows}))
    monkeypatch.setattr(audit, "left_behind", lambda *_: [])
    database: Any = SimpleNamespace(reports=lambda: told, answered=lambda: {one.analysis: answered})
    nothing: Any = None
    return judge(nothing, [AT], [one], database, Path(), Path("none"))


@pytest.mark.parametrize(
    ("one", "rows", "told", "fault"),
    [
        (job(report_id=ID), [DONE], {ID: "succeeded"}, ""),
        (job(report_id=ID), [], {}, "lost: job 1 (api, async), no report"),
        (job(report_id=ID), [audit.Row(ID, "running")], {}, "lost: job 1 (api, async), running"),
        (job(report_id=ID), [DONE, audit.Row(OTHER, "succeeded")], {ID: "succeeded"}, "doubled: job 1"),
        (job(report_id=OTHER), [DONE], {ID: "succeeded"}, "doubled: job 1"),
        (job(report_id=ID, other_id=OTHER), [DONE], {ID: "succeeded"}, "doubled: job 1"),
        (job(report_id=ID), [DONE], {}, "untold: job 1"),
        (job(report_id=ID), [DONE], {ID: "failed"}, "untold: job 1"),
        (
            job(report_id=ID),
            [audit.Row(ID, "failed", "model_unavailable: gone")],
            {ID: "failed"},
            f"failed: job 1 (api, async), report {ID}: model_unavailable: gone",
        ),
        (job(way=Way.REFUSED, analysis="a"), [REFUSED], {ID: "failed"}, ""),
        (job(way=Way.REFUSED, analysis="a"), [DONE], {ID: "succeeded"}, "failed: job 1"),
        (job(way=Way.REFUSED, analysis="a"), [REFUSED], {}, "untold: job 1"),
        (job(report_id=ID, erasure=Erasure.ROW, erased=True), [], {}, ""),
        (job(report_id=ID, erasure=Erasure.ROW, erased=True), [], {ID: "succeeded"}, "left behind: public"),
    ],
)
def test_each_fault_has_its_name(
    monkeypatch: pytest.MonkeyPatch, one: Job, rows: list[audit.Row], told: dict[str, str], fault: str
) -> None:
    faults = verdict(monkeypatch, one, rows, told).faults
    assert bool(faults) is bool(fault)
    assert any(line.startswith(fault) for line in faults) or not fault


def test_report_that_ends_twice_is_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict(monkeypatch, job(report_id=ID), [DONE], {ID: "succeeded"}, ends=2).doubled


def test_analysis_without_its_report_is_untold(monkeypatch: pytest.MonkeyPatch) -> None:
    one = job(way=Way.DATABASE, analysis="a")
    assert verdict(monkeypatch, one, [DONE], {ID: "succeeded"}, answered=None).untold


GOOD_LINE = {
    "time": "2026-11-27T02:00:00.000000+00:00",
    "level": "INFO",
    "service": "jobs",
    "environment": "local",
    "version": "none",
    "message": "message handled",
}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (GOOD_LINE, 0),
        ({**GOOD_LINE, "body": "x"}, 1),
        ({**GOOD_LINE, "dropped": 1}, 1),
        ({name: value for name, value in GOOD_LINE.items() if name != "version"}, 1),
        ({**GOOD_LINE, "reason": "whsec_MTIz"}, 1),
        ({**GOOD_LINE, "reason": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"}, 1),
        ({**GOOD_LINE, "reason": "anna@example.com"}, 1),
    ],
)
def test_wrong_log_lines_are_faults(tmp_path: Path, line: dict[str, Any], wrong: int) -> None:
    (tmp_path / "jobs-async.log").write_text(f"{json.dumps(line)}\n" + '{"time": "cut o')
    assert len(wrong_lines(tmp_path)) == wrong
