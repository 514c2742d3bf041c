"""The quantities of `usage.toml`, counted again from runs of the real services over moto's stores."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from planning.cost.usage import EventName, Quantity, usage
from services.core.domain.report import Status
from services.core.domain.stored_report import RequestKey
from services.core.pipeline.report_service import POLL_FROM_S, POLL_TO_S
from services.results.outbox import Outbox
from stacks.analyze.stack import TARGET_CPU_PERCENT, TARGET_REQUESTS
from stacks.gateway.stack import LOGGED
from stacks.model.alarms import IDLE_MINUTES
from stacks.model.scaling import REQUESTS_PER_MINUTE
from tests.planning.cost.meter import item_size, metered
from tests.services.analyze.conftest import World
from tests.services.analyze.test_uploads import upload
from tests.services.conftest import TABLE
from tests.services.results.rows import row
from tests.services.results.shop import ENDED, RESUME, Shop, pending, result
from tests.services.results.test_notify import Post
from tests.services.results.test_outbox import change

Jpeg = Callable[..., bytes]
# What CloudWatch Logs adds to a line, in bytes, and the lines that Lambda writes of each run, in KB.
LINE_OVERHEAD, LAMBDA_KB = 26, 0.31
MERGE = {"Content-Type": "application/merge-patch+json"}


def send(client: TestClient, jpeg: Jpeg, photos: int, lines: list[str], until: str) -> str:
    files = [("images", (f"{n}.jpg", jpeg(90 + n), "image/jpeg")) for n in range(photos)]
    headers = {"Idempotency-Key": "k" * 20, "Prefer": "respond-async"}
    answer = client.post("/analyze", files=files, headers=headers)
    assert answer.status_code == 202, answer.text
    end = time.monotonic() + 30
    while not any(json.loads(line)["message"] == until for line in lines):
        assert time.monotonic() < end, lines
        time.sleep(0.01)
    return str(answer.json()["id"])


def stated(event: EventName, what: Quantity, photos: int = 1) -> float:
    return usage().events[event][what].of(photos)


def kb(lines: list[str]) -> float:
    """Return what CloudWatch bills of these lines, and forget them.

    Without the line of an LLM that fails: the one of these stores does.
    """
    own = [line for line in lines if "template used" not in line]
    lines.clear()
    return sum(len(line.encode()) + LINE_OVERHEAD for line in own) / 1000


def agree(counted: dict[str, float], event: EventName, photos: int) -> None:
    for what in ("read_units", "s3_gets", "s3_puts"):
        said = usage().events[event].get(what)
        assert counted[what] == (said.of(photos) if said else 0), (event, what)
    said = usage().events[event].get("write_units")
    # A change within the same second as another leaves the index as it is; rows grow by units of 1 KB.
    assert counted["write_units"] == pytest.approx(said.of(photos) if said else 0, abs=3), event


@pytest.mark.parametrize("photos", [1, 8])
def test_report_uses_what_is_stated(
    reusing: World,
    client: TestClient,
    jpeg: Jpeg,
    monkeypatch: pytest.MonkeyPatch,
    log_lines: list[str],
    photos: int,
) -> None:
    with metered(monkeypatch) as counted:
        report = send(client, jpeg, photos, log_lines, "report ended")
    agree(counted, "submit", photos)
    assert counted["sqs_requests"] == 1
    assert kb(log_lines) == pytest.approx(stated("submit", "log_kb"), rel=0.1)
    calls: dict[EventName, Callable[[], Any]] = {
        "view": lambda: client.get(f"/reports/{report}"),
        "correct": lambda: client.patch(f"/reports/{report}", json={"title": "My mug"}, headers=MERGE),
        "reword": lambda: client.post(f"/reports/{report}/wording"),
        "erase": lambda: client.delete(f"/reports/{report}"),
    }
    for event, call in calls.items():
        with metered(monkeypatch) as counted:
            answer = call()
        assert answer.status_code == 200, answer.text
        # The links by which a client reads the photos are signed without a call.
        counted["s3_gets"] += photos if event == "view" else 0
        agree(counted, event, photos)
        assert kb(log_lines) == pytest.approx(stated(event, "log_kb"), rel=0.15), event
        answer_kb = len(answer.content) / 1000
        assert answer_kb == pytest.approx(stated(event, "answer_kb", photos), rel=0.2), event


def test_async_report_uses_what_is_stated(
    asynchronous: World,
    client: TestClient,
    jpeg: Jpeg,
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    log_lines: list[str],
) -> None:
    with metered(monkeypatch) as counted:
        report = send(client, jpeg, 1, log_lines, "request")
        while counted["write_units"] < 12:
            time.sleep(0.01)
    written = kb(log_lines)
    answer = client.get(f"/reports/{report}")
    assert answer.json()["status"] == "running"
    assert len(answer.content) / 1000 == pytest.approx(stated("poll", "answer_kb"), rel=0.15)
    assert kb(log_lines) == pytest.approx(stated("poll", "log_kb"), rel=0.15)
    shop.asynchronous = shop.reuse = True
    shop.accept(pending=pending(), key=RequestKey("k", "d"))
    shop.store_answer()
    with metered(monkeypatch) as ended:
        shop.settle(result())
    written += kb(log_lines)
    both = {what: counted[what] + ended[what] for what in counted}
    for what in ("read_units", "write_units"):
        said = stated("submit", what) + stated("infer_async", what)
        assert both[what] == pytest.approx(said, abs=2), what
    assert ended["s3_gets"] == stated("infer_async", "s3_gets")
    said = stated("submit", "log_kb") + stated("infer_async", "log_kb") - LAMBDA_KB
    assert written == pytest.approx(said, rel=0.15)


@pytest.mark.parametrize("photos", [1, 3])
def test_uploads_use_what_is_stated(
    reusing: World,
    client: TestClient,
    jpeg: Jpeg,
    monkeypatch: pytest.MonkeyPatch,
    log_lines: list[str],
    photos: int,
) -> None:
    with metered(monkeypatch) as counted:
        ids = [upload(client, reusing, jpeg(90 + n)) for n in range(photos)]
        answer = client.post("/analyze", json={"upload_ids": ids}, headers={"Idempotency-Key": "k" * 20})
    assert answer.json()["status"] == "succeeded"
    # Without respond-async the stage is not written, and the row not read again.
    for what, less in (("write_units", 3.0), ("read_units", 1.0), ("s3_gets", 0.0), ("s3_puts", 0.0)):
        said = sum(
            usage().events[event][what].of(photos)
            for event in ("submit", "submit_by_upload")
            if what in usage().events[event]
        )
        assert counted[what] == pytest.approx(said - less, abs=2 if what == "write_units" else 0), what
    said = stated("submit", "log_kb") + stated("submit_by_upload", "log_kb", photos)
    assert kb(log_lines) == pytest.approx(said, rel=0.15)


def test_event_uses_what_is_stated(post: Post, monkeypatch: pytest.MonkeyPatch, log_lines: list[str]) -> None:
    ended = row(Status.SUCCEEDED)
    with metered(monkeypatch) as counted:
        Outbox(post.sqs, post.queue_url).forward([change(row(Status.RUNNING), ended)])
        post.deliver(post.keep(ended))
    # The test stores the row itself.
    assert counted["read_units"] == stated("event", "read_units")
    assert counted["sqs_requests"] == 1
    assert kb(log_lines) + 2 * LAMBDA_KB == pytest.approx(stated("event", "log_kb"), rel=0.15)


def test_settled_job_uses_what_is_stated(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, log_lines: list[str]
) -> None:
    shop.accept(lease=ENDED, key=RequestKey("k", "d"))
    with metered(monkeypatch) as late:
        shop.settle(RESUME)
    assert late["read_units"] == stated("late", "read_units")
    assert late["s3_gets"] == stated("late", "s3_gets")
    log_lines.clear()
    with metered(monkeypatch) as settled:
        shop.settle(RESUME)
    agree(settled, "job", 1)
    assert kb(log_lines) + LAMBDA_KB == pytest.approx(stated("job", "log_kb"), rel=0.1)


@pytest.mark.parametrize("photos", [1, 8])
def test_row_is_as_large_as_stated(
    reusing: World, client: TestClient, jpeg: Jpeg, log_lines: list[str], photos: int
) -> None:
    report = send(client, jpeg, photos, log_lines, "report ended")
    key = {"pk": {"S": "user#alice"}, "sk": {"S": f"report#{report}"}}
    row = reusing.dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
    assert item_size(row) / 1000 == pytest.approx(usage().kept.row_kb.of(photos), rel=0.15)


@pytest.mark.parametrize("waited_s", [3, 20])
def test_waiting_reads_once_a_second(waited_s: int) -> None:
    at, pause, reads = 0.0, POLL_FROM_S, 1
    while at < waited_s:
        at += pause
        pause = min(1.5 * pause, POLL_TO_S)
        reads += 1
    assert reads == pytest.approx(stated("poll", "read_units") + waited_s, abs=1)


def test_access_log_line_is_as_long_as_stated() -> None:
    values = {"source_ip": "203.0.113.200", "route": "GET /reports/{report_id}", "status": "200"}
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    line = json.dumps({name: values.get(name, "-" * 10) for name in LOGGED} | {"user_agent": agent})
    assert (len(line) + LINE_OVERHEAD) / 1000 == pytest.approx(stated("view", "access_log_kb"), rel=0.15)


def test_targets_are_those_of_the_stacks() -> None:
    assert usage().endpoint.requests_per_minute == REQUESTS_PER_MINUTE
    assert usage().endpoint.idle_minutes == IDLE_MINUTES
    assert usage().tasks.requests_per_minute == TARGET_REQUESTS
    assert usage().tasks.cpu_share == TARGET_CPU_PERCENT / 100
