"""A PostHog project on the free plan, and the commands that use it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from local.fakes.posthog.forms import AlertForm, DashboardForm, InsightForm
from local.fakes.posthog.projects import routes
from local.fakes.posthog.state import KEY, USER_ID, Project
from ops.__main__ import main
from ops.posthog.changes import Plan, planned
from ops.posthog.found import Alert, Dashboard, Found, Insight
from ops.posthog.wanted import wanted
from settings.environment import FOLDER, Environment, load_environment

CHART = {"kind": "DataVisualizationNode", "source": {"kind": "HogQLQuery", "query": "SELECT 1 AS one"}}
TRENDS = {"kind": "TrendsQuery", "series": [{"kind": "EventsNode", "event": "$pageview"}]}
PREFIX = "Vitrine prod · "


@pytest.fixture
def project() -> Project:
    return Project()


@pytest.fixture
def app(project: Project) -> FastAPI:
    app = FastAPI()
    app.include_router(routes)
    app.state.project = project
    return app


@pytest.fixture(autouse=True)
def posthog(app: FastAPI, monkeypatch: pytest.MonkeyPatch, no_account: None) -> None:
    """Connect the commands to the project, with its key."""
    monkeypatch.setenv("POSTHOG_PERSONAL_API_KEY", KEY)
    monkeypatch.setattr("ops.posthog.client.new_http", lambda url, key: connect(app, url, key))


def connect(app: FastAPI, url: str, key: str) -> TestClient:
    return TestClient(app, base_url=url, headers={"Authorization": f"Bearer {key}"}, follow_redirects=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The settings of prod with the project; a test may write other thresholds into them."""
    section = '\n[posthog]\nproject_key = "phc_prod"\nproject_id = 1\nregion = "eu"\n'
    path = tmp_path / "prod.toml"
    path.write_text((FOLDER / "prod.toml").read_text("utf-8") + section, "utf-8")
    return path


@pytest.fixture
def prod(file: Path) -> Environment:
    return load_environment(str(file))


@pytest.fixture
def run(file: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Run a command of posthog; return its status, and what it prints on both streams."""

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["posthog", *arguments, "--env", str(file)])
        return status, *capsys.readouterr()

    yield run


def threshold(file: Path, key: str, value: object) -> None:
    """Write another threshold into the settings."""
    lines = file.read_text("utf-8").splitlines()
    changed = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in lines]
    if changed == lines:  # a key with a default is a comment
        changed.insert(lines.index(next(line for line in lines if line.startswith("[alarms]"))) + 1, "")
        changed[changed.index("")] = f"{key} = {value}"
    file.write_text("\n".join(changed) + "\n", "utf-8")


def planned_for(settings: Environment, project: Project) -> Plan:
    """Compare without a server: the objects as the project stores them."""
    stored = json.loads(json.dumps([project.dashboards, project.insights, project.alerts]))
    dashboards, insights, alerts = (
        [one for one in kind.values() if not one.get("deleted")] for kind in stored
    )
    found = Found(
        PREFIX,
        [Dashboard.model_validate(one) for one in dashboards],
        [Insight.model_validate(one) for one in insights],
        [Alert.model_validate(one) for one in alerts],
    )
    return planned(wanted(settings), found)


def add_dashboard(project: Project, name: str) -> int:
    return int(project.create_dashboard(DashboardForm(name=name))["id"])


def add_insight(project: Project, name: str, query: dict[str, Any] = CHART, *dashboards: int) -> int:
    form = InsightForm(name=name, query=query, dashboards=list(dashboards))
    return int(project.create_insight(form)["id"])


def add_alert(project: Project, name: str, insight: int, upper: float = 1.0, **fields: Any) -> str:
    trends = project.insights[insight]["query"]["kind"] == "TrendsQuery"
    config = {"type": "TrendsAlertConfig", "series_index": 0} if trends else {"type": "HogQLAlertConfig"}
    form = {
        "name": name,
        "insight": insight,
        "subscribed_users": [USER_ID],
        "condition": {"type": "absolute_value"},
        "config": config,
        "threshold": {"configuration": {"type": "absolute", "bounds": {"upper": upper}}},
        **fields,
    }
    return str(project.create_alert(AlertForm.model_validate(form))["id"])
