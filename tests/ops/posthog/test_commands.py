"""The commands plan and apply against a project that refuses what PostHog refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.fakes.posthog.forms import AlertForm, InsightForm
from local.fakes.posthog.state import Project
from ops.__main__ import main
from tests.ops.posthog.conftest import CHART, PREFIX, TRENDS, add_alert, add_dashboard, add_insight, threshold

Run = Callable[..., tuple[int, str, str]]
SLOW, MODEL, FAIL = (f"{PREFIX}{name}" for name in ("Reports are slow", "Model is slow", "Reports fail"))


def changes(run: Run) -> dict[str, str]:
    status, out, _ = run("plan", "--json")
    assert status == 0
    return {change["name"]: change["action"] for change in json.loads(out)["changes"]}


def test_plan_is_empty_after_apply(run: Run, project: Project) -> None:
    assert set(changes(run).values()) == {"create"}
    assert not project.dashboards
    assert run("apply")[0] == 0
    assert changes(run) == {}
    assert run("plan")[1].endswith("Nothing changes.\n")
    counts = len(project.dashboards), len(project.insights), len(project.alerts)
    assert counts == (1, 4, 3)


@pytest.mark.parametrize(
    ("key", "value", "alert", "upper"),
    [
        ("report_goal_s", 25, SLOW, 25_000),
        ("p95_latency_ms", 4321, MODEL, 4321),
        ("error_percent", 2.5, FAIL, 2.5),
    ],
)
def test_threshold_changes_its_alert_alone(
    run: Run, project: Project, file: Path, key: str, value: float, alert: str, upper: float
) -> None:
    run("apply")
    before = {one["name"]: json.dumps(one) for one in (*project.insights.values(), *project.alerts.values())}
    threshold(file, key, value)
    assert changes(run) == {alert: "change"}
    assert f"→ {float(upper)}" in run("apply")[1]
    assert changes(run) == {}
    after = {one["name"]: json.dumps(one) for one in (*project.insights.values(), *project.alerts.values())}
    assert [name for name in after if after[name] != before[name]] == [alert]
    stored = next(one for one in project.alerts.values() if one["name"] == alert)
    assert stored["threshold"]["configuration"]["bounds"] == {"lower": None, "upper": upper}


def test_deletion_is_asked_for(run: Run, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run("apply")
    obsolete = add_alert(project, f"{PREFIX}Old", add_insight(project, f"{PREFIX}Old chart"))
    status, _, err = run("apply")
    assert (status, obsolete in project.alerts) == (1, True)
    assert "Nothing was changed: there are 2 to delete" in err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "no")
    assert run("apply")[0] == 1
    assert obsolete in project.alerts
    monkeypatch.setattr("builtins.input", lambda question: "yes")
    assert run("apply")[0] == 0
    assert obsolete not in project.alerts
    assert changes(run) == {}


def test_deletion_names_others_alerts(run: Run, project: Project) -> None:
    add_alert(project, "Theirs", add_insight(project, f"{PREFIX}Old chart"))
    out = run("apply", "--yes")[1]
    assert "1 of others' alerts watch it" in out
    assert "Theirs" in {alert["name"] for alert in project.alerts.values()}


@pytest.mark.parametrize("yes", [[], ["--yes"]])
def test_full_plan_stops_before_any_change(run: Run, project: Project, yes: list[str]) -> None:
    chart = add_insight(project, "Theirs", TRENDS)
    for number in range(3):
        add_alert(project, f"Theirs {number}", chart)
    add_alert(project, SLOW, chart)
    status, _, err = run("apply", *yes)
    assert status == 1
    assert "3 alerts are needed, and the organization's plan allows 5" in err
    assert "1 of Vitrine prod and 3 of others" in err
    assert not project.dashboards
    assert run("plan")[0] == 1


def test_unknown_plan_names_counts_when_full(run: Run, project: Project) -> None:
    chart = add_insight(project, "Theirs")
    for number in range(3):
        add_alert(project, f"Theirs {number}", chart)
    # The owner of the key works in another organization: its plan says nothing of this project.
    project.teams = [99]
    status, _, err = run("apply")
    assert status == 1
    assert "Your plan is limited to 5 alerts." in err
    assert "the project has 0 of Vitrine prod and 3 of others" in err


def test_larger_plan_has_room(run: Run, project: Project) -> None:
    project.most_alerts = 100
    chart = add_insight(project, "Theirs")
    for number in range(5):
        add_alert(project, f"Theirs {number}", chart)
    assert run("apply")[0] == 0
    assert changes(run) == {}


def test_deleted_insight_is_made_anew(run: Run, project: Project) -> None:
    run("apply")
    watched = next(one for one in project.insights.values() if one["name"].endswith("Stages"))
    project.change_insight(watched["id"], InsightForm(deleted=True))
    assert changes(run) == {watched["name"]: "create", MODEL: "change"}
    assert run("apply")[0] == 0
    assert changes(run) == {}
    alert = next(one for one in project.alerts.values() if one["name"] == MODEL)
    assert alert["insight"]["id"] != watched["id"]


def test_alert_lost_with_its_chart_returns(run: Run, project: Project) -> None:
    run("apply")
    watched = next(one for one in project.insights.values() if one["name"].endswith("Stages"))
    project.change_insight(watched["id"], InsightForm(query={"kind": "FunnelsQuery", "series": []}))
    assert MODEL not in {alert["name"] for alert in project.alerts.values()}
    assert changes(run) == {watched["name"]: "change", MODEL: "create"}
    run("apply")
    assert changes(run) == {}


def test_chart_stays_on_others_dashboards(run: Run, project: Project) -> None:
    run("apply")
    ours, theirs, gone = 1, add_dashboard(project, "Theirs"), add_dashboard(project, "Gone")
    chart = next(one for one in project.insights.values() if one["name"].endswith("Outcomes"))
    project.change_insight(chart["id"], InsightForm(dashboards=[theirs, gone]))
    project.dashboards[gone]["deleted"] = True
    assert changes(run) == {chart["name"]: "change"}
    assert run("apply")[0] == 0
    assert chart["dashboards"] == [ours, theirs]


def test_receivers_of_an_alert_stay(run: Run, project: Project) -> None:
    run("apply")
    alert = next(one for one in project.alerts.values() if one["name"] == FAIL)
    alert["subscribed_users"] = [{"id": 12}, {"id": 13}]
    assert changes(run) == {}
    project.change_alert(alert["id"], AlertForm(enabled=False))
    run("apply")
    assert (len(alert["subscribed_users"]), alert["enabled"]) == (2, True)
    # An alert that tells nobody tells the owner of the key again.
    project.change_alert(alert["id"], AlertForm(subscribed_users=[]))
    assert changes(run) == {FAIL: "change"}
    run("apply")
    assert alert["subscribed_users"] == [{"id": 7}]


def test_changed_query_is_shown_by_line(run: Run, project: Project) -> None:
    run("apply")
    chart = next(one for one in project.insights.values() if one["name"].endswith("Outcomes"))
    query = json.loads(json.dumps(chart["query"]))
    query["source"]["query"] = query["source"]["query"].replace("LIMIT 168", "LIMIT 100")
    project.change_insight(chart["id"], InsightForm(query=_without_nulls(query)))
    out = run("plan")[1]
    assert "-LIMIT 100\n" in out
    assert "+LIMIT 168\n" in out
    assert "countIf" not in out


def test_environments_share_a_project(run: Run, project: Project) -> None:
    run("apply")
    project.most_alerts = 10
    add_alert(project, "Vitrine prod-eu · Reports fail", add_insight(project, "Vitrine prod-eu · Old", CHART))
    assert changes(run) == {}


def test_environment_without_section_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["posthog", "plan", "--env", "prod"]) == 1
    assert "no section [posthog]" in capsys.readouterr().err


def test_control_characters_are_not_printed(run: Run, project: Project) -> None:
    add_dashboard(project, f"{PREFIX}\x1b[2Jgone")
    assert "\x1b" not in run("plan")[1]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value
