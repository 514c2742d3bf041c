"""From any state of a project one run makes what the settings ask for; others' objects stay as they were."""

import copy
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.errors import UserError
from local.fakes.posthog.forms import AlertForm, InsightForm, RefusedError
from local.fakes.posthog.state import KEY, USER_ID, Project
from ops.posthog import apply as changing
from ops.posthog.client import Client
from ops.posthog.found import User
from ops.posthog.wanted import wanted
from settings.environment import Environment
from tests.ops.posthog.conftest import (
    CHART,
    PREFIX,
    TRENDS,
    add_alert,
    add_dashboard,
    add_insight,
    connect,
    planned_for,
)

NAMES = (
    *("Reports", "Time from acceptance to report", "Stages", "Outcomes", "Cost and template texts"),
    *("Reports are slow", "Model is slow", "Reports fail", "Old"),
)
OURS, THEIRS = [f"{PREFIX}{name}" for name in NAMES], ["Signups", "Vitrine prod", "Vitrine dev · Reports", ""]
NAME = st.sampled_from([*OURS, *THEIRS])
STEP = st.one_of(
    st.tuples(st.just("apply")),
    st.tuples(st.just("dashboard"), NAME),
    st.tuples(st.just("insight"), NAME, st.sampled_from(["chart", "trends"])),
    st.tuples(st.just("alert"), NAME, st.integers(0, 9)),
    st.tuples(
        st.just("rename"), st.sampled_from(["dashboards", "insights", "alerts"]), st.integers(0, 9), NAME
    ),
    st.tuples(st.just("requery"), st.integers(0, 9), st.sampled_from(["chart", "trends", "funnel"])),
    st.tuples(st.just("rethreshold"), st.integers(0, 9), st.floats(0, 1e6)),
    st.tuples(st.just("disable"), st.integers(0, 9)),
    st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.just("untile"), st.integers(0, 9)),
    st.tuples(st.just("delete"), st.sampled_from(["dashboards", "insights", "alerts"]), st.integers(0, 9)),
)
QUERIES: dict[str, dict[str, Any]] = {
    "chart": CHART,
    "trends": TRENDS,
    "funnel": {"kind": "FunnelsQuery", "series": []},
}


def apply(app: FastAPI, asked: Environment, project: Project) -> None:
    assert asked.posthog is not None
    with connect(app, asked.posthog.api_url, KEY) as http:
        client, objects = Client(asked.posthog, http), wanted(asked)
        found = changing.read(client, objects.prefix)
        owner = User.model_validate(project.user())
        changing.apply(client, planned_for(asked, project), found, objects, owner)


def disturb(project: Project, step: tuple[Any, ...]) -> None:
    """Do to the project what a person may do by hand; what PostHog refuses is not done."""

    def pick(kind: str, number: int) -> dict[str, Any]:
        live = [one for one in getattr(project, kind).values() if not one.get("deleted")]
        if not live:
            raise LookupError
        found: dict[str, Any] = live[number % len(live)]
        return found

    match step:
        case ("dashboard", name):
            add_dashboard(project, name)
        case ("insight", name, query):
            boards = [one["id"] for one in project.dashboards.values() if not one["deleted"]]
            add_insight(project, name, QUERIES[query], *boards[:2])
        case ("alert", name, number):
            add_alert(project, name, pick("insights", number)["id"])
        case ("rename", kind, number, name):
            pick(kind, number)["name"] = name
        case ("requery", number, query):
            project.change_insight(pick("insights", number)["id"], InsightForm(query=QUERIES[query]))
        case ("rethreshold", number, upper):
            bounds = {"configuration": {"type": "absolute", "bounds": {"lower": 0.5, "upper": upper}}}
            form = AlertForm.model_validate({"threshold": bounds})
            project.change_alert(pick("alerts", number)["id"], form)
        case ("disable", number):
            form = AlertForm(enabled=False, subscribed_users=[])
            project.change_alert(pick("alerts", number)["id"], form)
        case ("move", number, other):
            form = AlertForm(insight=pick("insights", other)["id"])
            project.change_alert(pick("alerts", number)["id"], form)
        case ("untile", number):
            project.change_insight(pick("insights", number)["id"], InsightForm(dashboards=[]))
        case ("delete", "alerts", number):
            del project.alerts[pick("alerts", number)["id"]]
        case ("delete", kind, number):
            pick(kind, number)["deleted"] = True


def others(project: Project) -> str:
    kinds = (project.dashboards, project.insights, project.alerts)
    return json.dumps(
        [[one for one in kind.values() if not one["name"].startswith(PREFIX)] for kind in kinds]
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=14))
def test_one_apply_mends_any_state(app: FastAPI, prod: Environment, steps: list[tuple[Any, ...]]) -> None:
    project = app.state.project = Project(most_alerts=None)
    for step in steps:
        if step == ("apply",):
            apply(app, prod, project)
            continue
        try:
            disturb(project, step)
        except (LookupError, RefusedError):
            continue
    before = copy.deepcopy(others(project))
    apply(app, prod, project)
    assert not planned_for(prod, project).changes
    assert others(project) == before
    watched = {one["id"]: one["name"] for one in project.insights.values() if not one["deleted"]}
    ours = [one for one in project.alerts.values() if one["name"].startswith(PREFIX)]
    assert sorted(watched[one["insight"]["id"]] for one in ours) == sorted(
        f"{PREFIX}{name}" for name in ("Time from acceptance to report", "Stages", "Outcomes")
    )
    assert all(one["subscribed_users"] for one in ours)


@pytest.mark.parametrize("at", range(1, 11))
def test_interrupted_apply_is_completed(
    app: FastAPI,
    prod: Environment,
    project: Project,
    at: int,
    run: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chart = add_insight(project, f"{PREFIX}Stages", TRENDS)
    add_alert(project, f"{PREFIX}Old", chart)
    add_alert(project, f"{PREFIX}Reports fail", chart)
    add_dashboard(project, f"{PREFIX}Old")
    changes = 0
    send = httpx2.Client.request

    def request(self: httpx2.Client, method: str, *given: Any, **named: Any) -> httpx2.Response:
        nonlocal changes
        answer = send(self, method, *given, **named)
        changes += method != "GET"
        if changes == at and method != "GET":
            raise KeyboardInterrupt  # the change is made, and its answer is lost
        return answer

    monkeypatch.setattr("starlette.testclient.TestClient.request", request)
    assert run("apply", "--yes")[0] == 130
    assert changes == at
    changes = 100
    assert run("apply", "--yes")[0] == 0
    assert not planned_for(prod, project).changes
    assert len(project.alerts) == 3


def test_object_gone_meanwhile_counts_as_deleted(app: FastAPI, prod: Environment, project: Project) -> None:
    assert prod.posthog is not None
    objects, chart = wanted(prod), add_insight(project, f"{PREFIX}Old chart")
    alert, board = add_alert(project, f"{PREFIX}Old", chart), add_dashboard(project, f"{PREFIX}Old")
    early = planned_for(prod, project)
    with connect(app, prod.posthog.api_url, KEY) as http:
        client = Client(prod.posthog, http)
        found = changing.read(client, objects.prefix)
        del project.alerts[alert]
        project.insights[chart]["deleted"] = project.dashboards[board]["deleted"] = True
        changing.apply(client, early, found, objects, User(id=USER_ID))
    assert not planned_for(prod, project).changes


def test_two_applies_at_once_leave_duplicates_for_the_next(
    app: FastAPI, prod: Environment, project: Project
) -> None:
    assert prod.posthog is not None
    project.most_alerts = None
    objects, owner, early = wanted(prod), User(id=USER_ID), planned_for(prod, project)
    with connect(app, prod.posthog.api_url, KEY) as http:
        client = Client(prod.posthog, http)
        empty = changing.read(client, objects.prefix)
        apply(app, prod, project)
        with pytest.raises(UserError, match="still differs: alert “Vitrine prod · "):
            changing.apply(client, early, empty, objects, owner)
    assert len(project.alerts) == 6
    apply(app, prod, project)
    assert not planned_for(prod, project).changes
    assert len(project.alerts) == 3
