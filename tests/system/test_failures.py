"""A stopped process: what a caller gets meanwhile, and that reports work again afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.log_lines import Wanted, story
from local.log_files import log_lines
from tests.system.running import System

# Of an answer that comes too late on a slow machine, or does not end.
SLOW = {"TimeoutError", "its answer ended by length"}


@pytest.fixture(scope="module", autouse=True)
def service_pid(system: System) -> int:
    """The service's process before the other processes are stopped and started."""
    return system.pid("service")


@pytest.fixture(scope="module", autouse=True)
def language_model(system: System) -> Iterator[None]:
    """The language model itself, once `without_llm` has ended; the other files have a stand-in for it."""
    yield
    system.stop("llm")
    system.stand_in_for_llm()


@pytest.fixture
def without_llm(system: System) -> Iterator[None]:
    system.stop("llm")
    yield
    system.start("llm")


@pytest.fixture
def without_model(system: System) -> Iterator[None]:
    system.stop("model")
    yield
    system.start("model")


def reasons_for_template(system: System, report_id: str) -> set[str]:
    """Why the LLM did not word a report, by the service's log."""
    lines = story(log_lines(system.home), Wanted(report=report_id))
    return {line["reason"] for line in lines if line["message"] == "template used instead of the LLM"}


@pytest.mark.usefixtures("without_llm")
def test_without_llm_the_template_writes(system: System, photo: Path) -> None:
    answer = system.analyze(photo, "carla")
    assert answer.status_code == 200, answer.text
    assert answer.json()["narrative"] == "template"
    assert reasons_for_template(system, answer.json()["id"])


@pytest.mark.usefixtures("without_model")
def test_without_model_the_report_is_queued(system: System, photo: Path) -> None:
    answer = system.analyze(photo, "dora")
    assert answer.status_code == 202, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["location"] == f"reports/{answer.json()['id']}"
    assert answer.json()["status"] == "queued"
    assert "again" in answer.json()["waiting"] or "retried" in answer.json()["waiting"]


def test_same_service_recovers(system: System, photo: Path, service_pid: int) -> None:
    answer = system.analyze(photo, "emil")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "succeeded"
    assert system.pid("service") == service_pid
    # The language model took the service's own prompt and schema.
    assert reasons_for_template(system, answer.json()["id"]) <= SLOW


def test_queued_report_is_finished_by_job(system: System) -> None:
    (waiting,) = system.client.get(f"{system.api_url}/reports", headers=system.headers("dora")).json()[
        "reports"
    ]
    url, headers = f"{system.api_url}/reports/{waiting['id']}", system.headers("dora") | {"Prefer": "wait=20"}
    ended = next(
        (
            report
            for _ in range(6)
            if (report := system.client.get(url, headers=headers, timeout=30).json())["status"]
            not in ("queued", "running")
        ),
        None,
    )
    assert ended is not None
    assert ended["status"] == "succeeded", ended
