"""A part that is away: what a caller gets, and that all is well once it is back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.running import System


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


@pytest.mark.usefixtures("without_llm")
def test_without_the_llm_a_report_is_in_template_words(system: System, photo: Path) -> None:
    answer = system.analyze(photo, "carla")
    assert answer.status_code == 200, answer.text
    assert answer.json()["narrative"] == "template"


@pytest.mark.usefixtures("without_model")
def test_without_the_model_a_request_is_told_when_to_try_again(system: System, photo: Path) -> None:
    answer = system.analyze(photo, "dora")
    assert answer.status_code == 202, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["location"] == f"/reports/{answer.json()['id']}"
    assert (answer.json()["status"], "asked again" in answer.json()["waiting"]) == ("queued", True)


def test_both_back_the_same_service_makes_reports_again(system: System, photo: Path) -> None:
    service = system.pid("service")
    for part in ("llm", "model"):
        system.stop(part)
        system.start(part)
    answer = system.analyze(photo, "emil")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "succeeded"
    assert system.pid("service") == service


def test_what_waited_for_the_model_is_made_by_a_job(system: System) -> None:
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
