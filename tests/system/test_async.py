"""The system with an async endpoint and Supabase: webhooks in, jobs, webhooks out."""

import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from benchmarks.browser import open_browser
from cli.log_lines import Line, Wanted, parse, story
from local.demo.timeline import user_id
from local.fakes.postgres.project import SupabaseProject
from local.log_files import function_lines, log_lines
from local.supervisor import ports, processes
from local.users import email
from tests.system.page.visit import visits
from tests.system.running import System

WITHIN_S = 60.0
EXAMPLES = Path(__file__).parents[2] / "examples" / "photos"
HOPS = {"gateway", "authorizer", "analyze", "model", "jobs", "outbox", "notify", "report-ready"}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def project(async_system: System) -> SupabaseProject:
    return SupabaseProject.at(async_system.address("database"))


def add_user(system: System, project: SupabaseProject, name: str) -> str:
    user = user_id(system.token(name))
    project.add_user(user, email(name))
    return user


def rows(project: SupabaseProject, user: str) -> list[Row]:
    with project.as_user(user) as connection:
        return connection.execute("select id, status, analysis_id, report from public.reports").fetchall()


def arrived(project: SupabaseProject, user: str) -> Row:
    """Wait until a user has a report in Postgres, and return its row."""
    deadline = time.monotonic() + WITHIN_S
    while not (found := rows(project, user)):
        assert time.monotonic() < deadline, f"no report in Postgres after {WITHIN_S:.0f} s"
        time.sleep(0.2)
    (row,) = found
    return row


def test_every_process_is_ready(async_system: System) -> None:
    done = async_system.command("status")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ready") == len(ports.process_names("async"))


def test_second_up_keeps_every_process(async_system: System) -> None:
    before = processes.records(async_system.home)
    said = async_system.up("--mode", "async")
    assert processes.records(async_system.home) == before
    assert said.count("runs already") == len(ports.process_names("async"))


def test_posted_photo_reaches_supabase(async_system: System, project: SupabaseProject, photo: Path) -> None:
    user, other = (add_user(async_system, project, name) for name in ("async-anna", "async-bert"))
    answer = async_system.analyze(photo, "async-anna")
    assert answer.status_code in (200, 202), answer.text
    row = arrived(project, user)
    assert (row["id"], row["status"], row["analysis_id"]) == (answer.json()["id"], "succeeded", None)
    answer = async_system.client.get(
        f"{async_system.api_url}/reports/{row['id']}", headers=async_system.headers("async-anna")
    )
    # Links end after minutes, so the row has none.
    shown = {name: value for name, value in answer.json().items() if name != "photos"}
    assert row["report"] == shown
    assert rows(project, other) == []


def test_one_trace_is_in_every_hop(async_system: System, project: SupabaseProject, tmp_path: Path) -> None:
    user = add_user(async_system, project, "async-hana")
    trace, caller = secrets.token_hex(16), secrets.token_hex(8)
    answer = async_system.client.post(
        f"{async_system.api_url}/analyze",
        headers={**async_system.headers("async-hana"), "traceparent": f"00-{trace}-{caller}-01"},
        files={"images": ("mug.jpg", (EXAMPLES / "drawn-mug.jpg").read_bytes(), "image/jpeg")},
    )
    assert answer.status_code in (200, 202), answer.text
    arrived(project, user)
    wanted = Wanted(trace=trace)

    def lines() -> list[Line]:
        return story(log_lines(async_system.home), wanted)

    happens(lambda: HOPS.issubset({line["service"] for line in lines()}))
    told = lines()
    # The gateway and a cached authorizer know no trace: the request's id joins them.
    in_trace = [line for line in told if line["service"] != "gateway"]
    assert {line["trace"] for line in in_trace} == {trace}
    spans = {line["span"] for line in in_trace}
    assert {line["parent"] for line in in_trace} <= {caller, *spans}
    assert len(spans) >= len(HOPS) - 1
    picture = tmp_path / "trace.svg"
    assert async_system.command("trace", trace, "--svg", str(picture)).returncode == 0
    drawn = picture.read_text("utf-8")
    assert [name for name in HOPS if f">{name}: " not in drawn] == []


def test_respond_async_returns_location(async_system: System, project: SupabaseProject, photo: Path) -> None:
    user = add_user(async_system, project, "async-carla")
    answer = async_system.client.post(
        f"{async_system.api_url}/analyze",
        headers={**async_system.headers("async-carla"), "Prefer": "respond-async"},
        files={"images": (photo.name, photo.read_bytes(), "image/jpeg")},
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"reports/{arrived(project, user)['id']}"


@pytest.mark.usefixtures("needs_chromium")
def test_page_shows_stages_then_report(async_system: System, project: SupabaseProject) -> None:
    add_user(async_system, project, "async-page")
    with open_browser() as browser, visits(browser, async_system) as visit:
        one = visit(user="async-page")
        one.sign_in()
        one.choose(EXAMPLES / "drawn-mug.jpg")
        one.send()
        expect(one.page.locator(".capture-stages")).to_be_visible()
        one.wait_for_report()
        assert len(one.reports()) == 1
        assert not one.violations()


def test_report_survives_model_outage(async_system: System, project: SupabaseProject, photo: Path) -> None:
    user = add_user(async_system, project, "async-dora")
    async_system.stop("model")
    try:
        answer = async_system.client.post(
            f"{async_system.api_url}/analyze",
            headers={**async_system.headers("async-dora"), "Prefer": "respond-async"},
            files={"images": (photo.name, photo.read_bytes(), "image/jpeg")},
        )
    finally:
        async_system.up("--mode", "async")
    assert answer.status_code == 202, answer.text
    assert arrived(project, user)["status"] == "succeeded"


@pytest.fixture(scope="module")
def demonstration(async_system: System) -> CompletedProcess[str]:
    """The demo in mode async, which has ended."""
    done = async_system.command("demo", "--mode", "async", "--json")
    assert done.returncode == 0, done.stderr
    return done


def test_database_row_becomes_private_report(demonstration: CompletedProcess[str]) -> None:
    assert json.loads(demonstration.stdout)["status"] == "succeeded"
    said = [line for line in demonstration.stderr.splitlines() if " s  " in line]
    order = [
        "into the bucket",
        "into public.analyses",
        "to the database's signed webhook",
        "signed webhook accepted",
        "reads the report",
        "sees no such row",
    ]
    found = [next(index for index, line in enumerate(said) if step in line) for step in order]
    assert found == sorted(found), demonstration.stderr


def test_edge_line_reaches_cloudwatch(async_system: System, demonstration: CompletedProcess[str]) -> None:
    report = json.loads(demonstration.stdout)["id"]

    def arrived_lines() -> list[Line]:
        parsed = (parse(text) for text in function_lines(async_system.home))
        return [line for line in parsed if line and line.get("report") == report and "event" in line]

    happens(lambda: arrived_lines() != [])
    (line,) = arrived_lines()
    assert (line["service"], line["source"], line["outcome"]) == ("report-ready", "function_logs", "done")
    done = async_system.command("logs", "--trace", line["trace"])
    assert done.returncode == 0, done.stderr
    rows = [row.split() for row in done.stdout.splitlines()]
    assert [row[-1] for row in rows if "report-ready" in row] == ["function_logs"]
    assert HOPS - {"analyze", "authorizer"} <= {word for row in rows for word in row}


def test_unsigned_events_are_refused(async_system: System) -> None:
    edge = async_system.address("edge")
    answer = async_system.client.post(f"{edge}/functions/v1/report-ready", content=b"{}")
    assert answer.status_code == 401
    answer = async_system.client.post(f"{async_system.api_url}/hooks/supabase", json={"type": "INSERT"})
    assert answer.status_code == 401


def ask(project: SupabaseProject, user: str, upload_id: str) -> str:
    with project.as_user(user) as connection:
        row = connection.execute(
            "insert into public.analyses (upload_ids) values (%s) returning id", ([upload_id],)
        ).fetchone()
    assert row is not None
    return str(row["id"])


def test_refused_analysis_reaches_supabase(async_system: System, project: SupabaseProject) -> None:
    user = add_user(async_system, project, "async-emil")
    analysis = ask(project, user, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    row = arrived(project, user)
    assert (row["status"], str(row["analysis_id"])) == ("failed", analysis)
    assert "01ARZ3NDEKTSV4RRFFQ69G5FAV" in row["report"]["failure"]["reason"]
    with project.as_user(user) as connection:
        answered = connection.execute("select report_id from public.analyses").fetchall()
    assert answered == [{"report_id": row["id"]}]


def happens(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not happened():
        assert time.monotonic() < deadline, f"not yet after {WITHIN_S:.0f} s"
        time.sleep(0.2)


def test_erasure_reaches_supabase(async_system: System, project: SupabaseProject, photo: Path) -> None:
    user = add_user(async_system, project, "async-fred")
    async_system.analyze(photo, "async-fred")
    row = arrived(project, user)
    path, headers = f"{async_system.api_url}/reports/{row['id']}", async_system.headers("async-fred")
    answer = async_system.client.delete(path, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "database" in [copy["where"] for copy in answer.json()["remaining"]]
    happens(lambda: rows(project, user) == [])
    assert async_system.client.delete(path, headers=headers).status_code == 404


def test_row_deleted_in_supabase_is_erased(
    async_system: System, project: SupabaseProject, photo: Path
) -> None:
    user = add_user(async_system, project, "async-gina")
    async_system.analyze(photo, "async-gina")
    row = arrived(project, user)
    with project.as_user(user) as connection:
        connection.execute("delete from public.reports")
    path, headers = f"{async_system.api_url}/reports/{row['id']}", async_system.headers("async-gina")
    happens(lambda: async_system.client.get(path, headers=headers).status_code == 404)
    with psycopg.connect(project.url, autocommit=True) as owner:
        happens(lambda: owner.execute("select 1 from vitrine.erasures").fetchall() == [])
