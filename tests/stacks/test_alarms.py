"""Every alarm of every stack: whom it tells, where its section is, and that its metrics exist."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.home import REPOSITORY
from settings.environment import Environment, load_environment
from stacks.constructs.operations import RUNBOOK
from tests.stacks.alarm_checks import (
    ALARM,
    ROWS,
    alarms,
    metrics,
    resources_of,
    sections,
    silent,
    topic_of,
    unknown_metrics,
    without_runbook,
)
from tests.stacks.assemblies import Assembly, assembled, changed

TEXT = (REPOSITORY / RUNBOOK).read_text("utf-8")
TOPIC = "arn:aws:sns:ca-central-1:111122223333:pager"
REALTIME = {"mode": "realtime", "min_instances": 2}
Resources = dict[str, dict[str, Any]]


def variants() -> Iterator[Environment]:
    yield load_environment("dev")
    yield load_environment("local")
    yield load_environment("prod")
    yield changed("prod", model=REALTIME)
    yield changed("prod", alarms={"notify": TOPIC})
    yield changed("prod", alarms={"notify": "ops@shop.example"})
    yield changed("prod", model={"paused": True})


@pytest.fixture(
    scope="module",
    params=list(variants()),
    ids=["dev", "local", "prod", "realtime", "own topic", "address", "paused"],
)
def variant(request: pytest.FixtureRequest) -> Assembly:
    """An environment whose alarms differ from the others'."""
    return assembled(request.param)


@pytest.fixture
def resources(prod: Assembly) -> Resources:
    """A copy of production's resources, to be broken."""
    return copy.deepcopy(resources_of(prod))


def test_every_alarm_notifies(variant: Assembly) -> None:
    assert silent(resources_of(variant), topic_of(variant.settings)) == []


def test_every_alarm_has_a_runbook_section(variant: Assembly) -> None:
    assert without_runbook(resources_of(variant), TEXT) == []


def test_every_metric_is_published(variant: Assembly) -> None:
    assert unknown_metrics(resources_of(variant), variant.settings.name) == []


def test_full_environment_passes_too(shop: Assembly) -> None:
    found = resources_of(shop)
    assert silent(found, topic_of(shop.settings)) == []
    assert without_runbook(found, TEXT) == []
    assert unknown_metrics(found, "shop") == []


@pytest.mark.parametrize("key", ["AlarmActions", "OKActions"])
def test_removed_action_is_found(resources: Resources, prod: Assembly, key: str) -> None:
    acting = [name for name, one in alarms(resources).items() if one.get("OKActions")]
    assert len(acting) > 10
    for name in acting:
        kept = resources[name]["Properties"].pop(key)
        assert name in silent(resources, topic_of(prod.settings)), name
        resources[name]["Properties"][key] = kept
    assert silent(resources, topic_of(prod.settings)) == []


def test_silent_composite_leaves_its_parts_silent(resources: Resources, prod: Assembly) -> None:
    (name,) = [one for one in alarms(resources) if one.endswith("/FastBurn")]
    del resources[name]["Properties"]["AlarmActions"]
    assert len(silent(resources, topic_of(prod.settings))) == 3


def test_removed_anchor_is_found(resources: Resources) -> None:
    used = {one["AlarmDescription"].rpartition("#")[2] for one in alarms(resources).values()}
    for anchor in used:
        heading = next(
            line
            for line in TEXT.splitlines()
            if line.startswith("#") and anchor in sections(f"{line}\n\ntext")
        )
        assert without_runbook(resources, TEXT.replace(heading, "## Another")), anchor
        body = sections(TEXT)[anchor]
        assert without_runbook(resources, TEXT.replace(body, "\n\nNothing to do.\n\n")), anchor


def test_removed_description_is_found(resources: Resources) -> None:
    name = next(iter(alarms(resources)))
    del resources[name]["Properties"]["AlarmDescription"]
    assert without_runbook(resources, TEXT) == [name]


def broken_dimensions(named: dict[str, Any]) -> Iterator[Callable[[], None]]:
    yield lambda: named["Dimensions"].pop()
    yield lambda: named["Dimensions"].append({"Name": "Stage", "Value": "$default"})
    yield lambda: named["Dimensions"][0].update(Name="Wrong")
    yield lambda: named.update(MetricName=f"{named['MetricName']}s")
    yield lambda: named.update(Namespace="AWS/Nothing")


def test_changed_dimension_is_found(resources: Resources) -> None:
    tried = 0
    for name, resource in resources.items():
        if resource["Type"] != ALARM:
            continue
        for change in range(5):
            broken = copy.deepcopy(resource)
            properties = broken["Properties"]
            for named in (
                [properties]
                if "MetricName" in properties
                else [one["MetricStat"]["Metric"] for one in properties["Metrics"] if "MetricStat" in one]
            ):
                list(broken_dimensions(named))[change]()
            assert unknown_metrics({name: broken}, "prod"), (name, change)
            tried += 1
    assert tried > 50


def test_variantless_rollback_metric_is_found(resources: Resources) -> None:
    (name,) = [one for one in resources if one.startswith("model/Errors")]
    for query in resources[name]["Properties"]["Metrics"]:
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            metric["Dimensions"] = [one for one in metric["Dimensions"] if one["Name"] == "EndpointName"]
    assert {one.name for one in unknown_metrics(resources, "prod")} == {
        "InvocationFailures",
        "InvocationsProcessed",
    }


def test_unknown_metric_of_a_dashboard_is_found(resources: Resources) -> None:
    dashboards = {name: one for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Dashboard"}
    assert len(dashboards) == 2
    for name, one in dashboards.items():
        broken = json.loads(json.dumps(one).replace("ReportsSucceeded", "ReportsEnded"))
        assert {metric.name for metric in unknown_metrics({name: broken}, "prod")} == {"ReportsEnded"}


def test_odd_statistic_is_found(resources: Resources) -> None:
    (name,) = [one for one in resources if one.startswith("model/Latency")]
    resources[name]["Properties"]["ExtendedStatistic"] = "p200x"
    assert unknown_metrics(resources, "prod")


def test_runbook_names_logs_that_exist(prod: Assembly, shop: Assembly) -> None:
    named = set(re.findall(r"log ENV-(\w+) (\w+)", TEXT))
    assert len(named) > 3
    for stack, prefix in named:
        # The most complete environment has the logs of every section.
        assert [one for one in shop.resources(stack, "Logs::LogGroup") if one.startswith(prefix)], prefix
    access = prod.only("gateway", "ApiGatewayV2::Stage")["AccessLogSettings"]
    assert '"status": "' in access["Format"]
    groups = [one["Properties"] for one in prod.resources("gateway", "Logs::LogGroup").values()]
    assert "/aws/vendedlogs/vitrine-prod-gateway" in {one.get("LogGroupName") for one in groups}


def test_runbook_names_dashboards_that_exist(prod: Assembly) -> None:
    dashboards = prod.resources("observability", "CloudWatch::Dashboard").values()
    names = {one["Properties"]["DashboardName"].replace("-prod-", "-ENV-") for one in dashboards}
    assert all(f"`{name}`" in TEXT for name in names)


def test_table_rows_name_their_source() -> None:
    for row in ROWS:
        assert row.keys() == {"namespace", "names", "dimensions", "statistics", "source"}
        assert ": " in row["source"]


def test_dashboards_show_every_service_metric_kind(prod: Assembly) -> None:
    shown = {one.name for one in metrics(resources_of(prod)) if "observability/" in one.where}
    assert shown >= {"ReportLatency", "CostUsd", "ReportsFailed", "QueueAge", "ColdWakes", "NarrateLatency"}
    assert shown >= {"CPUUtilization", "ApproximateNumberOfMessagesVisible", "5xx", "ModelLatency"}
