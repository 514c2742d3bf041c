"""Whether events arrive in PostHog, as the doctor says it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from local.fakes.posthog.projects import routes
from local.fakes.posthog.state import KEY, Project
from ops.doctor.analytics import events_arrive
from settings.environment import Environment
from tests.ops.conftest import make_settings


@pytest.fixture
def settings() -> Environment:
    return make_settings(posthog={"project_key": "phc_shop", "project_id": 1})


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    app, project = FastAPI(), Project()
    app.include_router(routes)
    app.state.project = project
    monkeypatch.setenv("POSTHOG_PERSONAL_API_KEY", KEY)
    monkeypatch.setattr(
        "ops.posthog.client.new_http",
        lambda url, key: TestClient(app, base_url=url, headers={"Authorization": f"Bearer {key}"}),
    )
    return project


def event(name: str, environment: str, hours_ago: int) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    return {"event": name, "timestamp": at.isoformat(), "properties": {"environment": environment}}


def test_arrived_events_are_counted(project: Project, settings: Environment) -> None:
    project.events = [
        *(event("report_completed", "shop", 23), event("report_failed", "shop", 1)),
        *(event("report_completed", "shop", 25), event("report_completed", "prod", 1)),
        event("$ai_generation", "shop", 1),
    ]
    (finding,) = events_arrive(settings)
    assert finding.level == "ok"
    assert finding.text.startswith("2 reports of shop arrived in project 1 of https://us.posthog.com")


def test_no_event_is_a_warning(project: Project, settings: Environment) -> None:
    project.events = [event("report_completed", "prod", 1)]
    (finding,) = events_arrive(settings)
    assert finding.level == "warning"
    assert "posthog.project_key" in finding.hint


def test_refusal_is_a_warning(project: Project, settings: Environment) -> None:
    project.scopes = ["user:read"]
    (finding,) = events_arrive(settings)
    assert finding.level == "warning"
    assert "lacks the scope query:read" in finding.text


def test_check_without_key_says_so(settings: Environment) -> None:
    (finding,) = events_arrive(settings)
    assert finding.level == "note"
    assert "POSTHOG_PERSONAL_API_KEY is not set" in finding.text


def test_environment_without_posthog_is_not_checked() -> None:
    assert not list(events_arrive(make_settings()))
