"""The whole system with an async endpoint and Supabase's parts: webhooks in, jobs, webhooks out."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from local.demo.timeline import subject
from local.fakes.identity import DOMAIN
from local.home import Home
from local.supervisor import ports, processes
from local.supervisor.supabase import Project
from tests.system.running import System

WITHIN_S = 60.0
Row = dict[str, Any]


@pytest.fixture(scope="module")
def asynchronous(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system in async mode, in a home of its own."""
    system = System(Home(tmp_path_factory.mktemp("async").resolve()))
    try:
        system.up("--mode", "async")
        yield system
    finally:
        system.client.close()
        done = system.command("down")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def project(asynchronous: System) -> Project:
    return Project.of(asynchronous.address("database"))


def signed_up(system: System, project: Project, name: str) -> str:
    user = subject(system.token(name))
    project.sign_up(user, f"{name}@{DOMAIN}")
    return user


def rows(project: Project, user: str) -> list[Row]:
    with project.as_user(user) as connection:
        return connection.execute("select id, status, analysis_id, report from public.reports").fetchall()


def arrived(project: Project, user: str) -> Row:
    """Wait until a user has a report in Postgres, and return its row."""
    deadline = time.monotonic() + WITHIN_S
    while not (found := rows(project, user)):
        assert time.monotonic() < deadline, f"no report in Postgres after {WITHIN_S:.0f} s"
        time.sleep(0.2)
    (row,) = found
    return row


def test_every_part_is_ready(asynchronous: System) -> None:
    done = asynchronous.command("status")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ready") == len(ports.names("async"))


def test_a_second_up_reuses_all_that_runs(asynchronous: System) -> None:
    before = processes.records(asynchronous.home)
    said = asynchronous.up("--mode", "async")
    assert processes.records(asynchronous.home) == before
    assert said.count("runs already") == len(ports.names("async"))


def test_a_posted_photo_is_seen_by_the_async_endpoint_and_told_to_supabase(
    asynchronous: System, project: Project, photo: Path
) -> None:
    user, stranger = (signed_up(asynchronous, project, name) for name in ("anna", "bert"))
    answer = asynchronous.analyze(photo, "anna")
    assert answer.status_code in (200, 202), answer.text
    row = arrived(project, user)
    assert (row["id"], row["status"], row["analysis_id"]) == (answer.json()["id"], "succeeded", None)
    answer = asynchronous.client.get(
        f"{asynchronous.api_url}/reports/{row['id']}", headers=asynchronous.headers("anna")
    )
    assert row["report"] == answer.json()
    assert rows(project, stranger) == []


def test_who_asks_to_wait_for_nothing_is_told_where_the_report_will_be(
    asynchronous: System, project: Project, photo: Path
) -> None:
    user = signed_up(asynchronous, project, "carla")
    answer = asynchronous.client.post(
        f"{asynchronous.api_url}/analyze",
        headers={**asynchronous.headers("carla"), "Prefer": "respond-async"},
        files={"images": (photo.name, photo.read_bytes(), "image/jpeg")},
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/reports/{arrived(project, user)['id']}"


def test_a_model_server_that_is_away_costs_nobody_their_report(
    asynchronous: System, project: Project, photo: Path
) -> None:
    user = signed_up(asynchronous, project, "dora")
    asynchronous.stop("model")
    try:
        answer = asynchronous.client.post(
            f"{asynchronous.api_url}/analyze",
            headers={**asynchronous.headers("dora"), "Prefer": "respond-async"},
            files={"images": (photo.name, photo.read_bytes(), "image/jpeg")},
        )
    finally:
        asynchronous.up("--mode", "async")
    assert answer.status_code == 202, answer.text
    assert arrived(project, user)["status"] == "succeeded"


def test_a_row_becomes_a_report_that_its_user_alone_reads(asynchronous: System) -> None:
    done = asynchronous.command("demo", "--mode", "async", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "succeeded"
    said = [line for line in done.stderr.splitlines() if " s  " in line]
    order = [
        "into the bucket",
        "into public.analyses",
        "to the database's signed webhook",
        "signed webhook taken",
        "reads the report",
        "sees no such row",
    ]
    found = [next(index for index, line in enumerate(said) if step in line) for step in order]
    assert found == sorted(found), done.stderr


def test_an_event_that_nobody_signed_is_refused(asynchronous: System) -> None:
    answer = httpx2.post(
        f"{asynchronous.address('edge')}/functions/v1/report-ready", content=b"{}", trust_env=False
    )
    assert answer.status_code == 401
    answer = asynchronous.client.post(f"{asynchronous.api_url}/hooks/supabase", json={"type": "INSERT"})
    assert answer.status_code == 401
