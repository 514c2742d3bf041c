"""The local PostHog refuses what PostHog's documentation says is refused, in its form of errors."""

import copy
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from local.fakes.posthog.projects import routes
from local.fakes.posthog.state import KEY, Project

CHART = {
    "kind": "DataVisualizationNode",
    "source": {"kind": "HogQLQuery", "query": "SELECT count() AS n FROM events"},
}
ALERT: dict[str, Any] = {
    "name": "Slow",
    "insight": 1,
    "subscribed_users": [7],
    "condition": {"type": "absolute_value"},
    "threshold": {"configuration": {"type": "absolute", "bounds": {"upper": 10}}},
    "config": {"type": "HogQLAlertConfig", "column": "n", "evaluation": "last_row"},
    "calculation_interval": "hourly",
}
INSIGHTS, ALERTS, DASHBOARDS = (f"/api/projects/1/{kind}/" for kind in ("insights", "alerts", "dashboards"))


@pytest.fixture
def project() -> Project:
    return Project()


@pytest.fixture
def api(project: Project) -> TestClient:
    app = FastAPI()
    app.include_router(routes)
    app.state.project = project
    client = TestClient(app, headers={"Authorization": f"Bearer {KEY}"})
    assert client.post(INSIGHTS, json={"name": "Chart", "query": CHART}).json()["id"] == 1
    return client


def altered(path: str, value: Any) -> dict[str, Any]:
    alert = copy.deepcopy(ALERT)
    *parents, last = path.split(".")
    place = alert
    for key in parents:
        place = place[key]
    place[last] = value
    return alert


@pytest.mark.parametrize(
    ("path", "value", "attr"),
    [
        ("threshold.configuration.bounds", {}, "threshold__configuration"),
        ("threshold.configuration.bounds", None, "threshold__configuration"),
        ("threshold.configuration.type", "relative", "threshold__configuration__type"),
        ("calculation_interval", "every_15_minutes", "calculation_interval"),
        ("calculation_interval", "yearly", "calculation_interval"),
        ("insight", 99, "insight"),
        ("subscribed_users", None, "subscribed_users"),
        ("subscribed_users", [99], "subscribed_users"),
        ("config", {"type": "TrendsAlertConfig", "series_index": 0}, None),
        ("receivers", [], "receivers"),
    ],
)
def test_invalid_alert_is_refused(api: TestClient, path: str, value: Any, attr: str | None) -> None:
    answer = api.post(ALERTS, json=altered(path, value))
    body = answer.json()
    assert (answer.status_code, body["type"], body["attr"]) == (400, "validation_error", attr)
    assert not api.get(ALERTS).json()["results"]


def test_sixth_alert_is_refused(api: TestClient) -> None:
    for _ in range(5):
        assert api.post(ALERTS, json=ALERT).status_code == 201
    answer = api.post(ALERTS, json=ALERT)
    assert (answer.status_code, answer.json()["attr"]) == (400, "alert")
    assert answer.json()["code"] == "invalid_input"
    identifier = api.get(ALERTS).json()["results"][0]["id"]
    assert api.delete(f"{ALERTS}{identifier}/").status_code == 204
    assert api.delete(f"{ALERTS}{identifier}/").status_code == 404
    assert api.post(ALERTS, json=ALERT).status_code == 201


@pytest.mark.parametrize(
    "query", ["SELECT (1", "DELETE FROM events", "SELECT 1)", "SELECT 'a", "SELECT 1; SELECT 2", ""]
)
def test_text_that_is_no_query_is_refused(api: TestClient, query: str) -> None:
    chart = {**CHART, "source": {"kind": "HogQLQuery", "query": query}}
    answer = api.post(INSIGHTS, json={"name": "Chart", "query": chart})
    assert (answer.status_code, answer.json()["attr"]) == (400, "query")


@pytest.mark.parametrize(
    ("authorization", "path", "status", "code"),
    [
        ("", INSIGHTS, 401, "not_authenticated"),
        ("Bearer phx_other", INSIGHTS, 401, "authentication_failed"),
        (f"Bearer {KEY}", "/api/projects/2/insights/", 404, "not_found"),
        (f"Bearer {KEY}", "/api/projects/1/cohorts/", 403, "permission_denied"),
    ],
)
def test_who_may_not_is_refused(
    api: TestClient, authorization: str, path: str, status: int, code: str
) -> None:
    answer = api.get(path, headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_deleted_objects_are_hidden(api: TestClient) -> None:
    api.post(ALERTS, json=ALERT)
    assert api.delete(f"{INSIGHTS}1/").status_code == 405
    assert api.patch(f"{INSIGHTS}1/", json={"deleted": True}).status_code == 200
    assert api.patch(f"{INSIGHTS}1/", json={"name": "Again"}).status_code == 404
    assert not api.get(INSIGHTS).json()["results"]
    # The alert of a deleted insight is kept, and counts.
    assert len(api.get(ALERTS).json()["results"]) == 1


def test_insight_of_another_kind_loses_its_alerts(api: TestClient) -> None:
    api.post(ALERTS, json=ALERT)
    api.patch(f"{INSIGHTS}1/", json={"query": {"kind": "FunnelsQuery", "series": []}})
    assert not api.get(ALERTS).json()["results"]


def test_lists_come_in_pages(api: TestClient) -> None:
    for number in range(4):
        api.post(DASHBOARDS, json={"name": f"Dashboard {number}"})
    first = api.get(DASHBOARDS, params={"limit": 3}).json()
    rest = api.get(first["next"]).json()
    assert [len(page["results"]) for page in (first, rest)] == [3, 1]
    assert rest["next"] is None


def test_new_project_opens_by_the_local_key() -> None:
    app = FastAPI()
    app.include_router(routes)
    me = TestClient(app).get("/api/users/@me/", headers={"Authorization": f"Bearer {KEY}"})
    assert me.json()["organization"]["teams"] == [{"id": 1}]
