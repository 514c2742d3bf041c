"""Every alarm of every stack: whom it tells, where its section is, and that its metrics exist."""

import copy
import json
from collections.abc import Callable, Iterator
from importlib import resources as files
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from local.home import REPOSITORY
from settings.environment import WITHOUT_BUDGETS, Environment, load_environment
from settings.naming import alarm_topic_name, stack_name
from stacks.constructs.operations import RUNBOOK
from stacks.observability.stack import ObservabilityStack
from tests.stacks.alarm_checks import (
    ALARM,
    COMPOSITE,
    ROWS,
    alarms,
    metrics,
    resources_of,
    sections,
    silent,
    unknown_metrics,
    without_runbook,
)
from tests.stacks.assemblies import Assembly, assembled, changed
from tests.stacks.reading import text

TEXT = (REPOSITORY / RUNBOOK).read_text("utf-8")
TOPIC = "arn:aws:sns:ca-central-1:111122223333:pager"
REALTIME = {"mode": "realtime", "min_instances": 2}
Resources = dict[str, dict[str, Any]]


def topic_of(settings: Environment) -> str:
    own = f"arn:aws:sns:{settings.region}:AWS::AccountId:{alarm_topic_name(settings.name)}"
    return settings.alarms.notify if settings.alarms.notified_topic else own


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


def test_table_rows_name_their_source() -> None:
    for row in ROWS:
        assert row.keys() == {"namespace", "names", "dimensions", "statistics", "source"}
        assert ": " in row["source"]


def test_dashboards_show_every_service_metric_kind(prod: Assembly) -> None:
    shown = {one.name for one in metrics(resources_of(prod)) if "observability/" in one.where}
    assert shown >= {"ReportLatency", "CostUsd", "ReportsFailed", "QueueAge", "ColdWakes", "NarrateLatency"}
    assert shown >= {"CPUUtilization", "ApproximateNumberOfMessagesVisible", "5xx", "ModelLatency"}


def test_alarm_names_fit_the_topics_policy(prod: Assembly) -> None:
    # CloudFormation names an alarm after its stack; a composite one has its name from us.
    prefix = stack_name("prod", "observability")
    for resource in resources_of(prod).values():
        if resource["Type"] == COMPOSITE:
            assert resource["Properties"]["AlarmName"].startswith(f"{prefix}-")
        elif resource["Type"] == ALARM:
            assert "AlarmName" not in resource["Properties"]


def statement(policy: list[dict[str, Any]], service: str) -> dict[str, Any]:
    (found,) = [one for one in policy if one["Principal"] == {"Service": f"{service}.amazonaws.com"}]
    return found


@pytest.mark.parametrize(
    ("service", "source"),
    [
        ("cloudwatch", "arn:AWS::Partition:cloudwatch:ca-central-1:AWS::AccountId:alarm:vitrine-prod-*"),
        ("budgets", "arn:AWS::Partition:budgets::AWS::AccountId:*"),
    ],
)
def test_topic_and_key_admit_this_account(prod: Assembly, service: str, source: str) -> None:
    (topic_name,) = prod.resources("storage", "SNS::Topic")
    topic = prod.only("storage", "SNS::Topic")
    assert topic["TopicName"] == "vitrine-prod-alarms"
    key = prod.resources("storage", "KMS::Key")[text(topic["KmsMasterKeyId"])]["Properties"]
    assert key["EnableKeyRotation"] is True
    policy = prod.only("storage", "SNS::TopicPolicy")
    assert [text(one) for one in policy["Topics"]] == [topic_name]
    publish = statement(policy["PolicyDocument"]["Statement"], service)
    use = statement(key["KeyPolicy"]["Statement"], service)
    assert publish["Action"] == "sns:Publish"
    assert set(use["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    for one in (publish, use):
        assert one["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert text(one["Condition"]["ArnLike"]["aws:SourceArn"]).replace("AWS::Region", "ca-central-1") == (
            source
        )


def test_address_is_subscribed() -> None:
    storage = assembled(changed("prod", alarms={"notify": "ops@shop.example"}))
    subscription = storage.only("storage", "SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@shop.example")


def test_without_address_no_subscription(prod: Assembly) -> None:
    assert not prod.resources("storage", "SNS::Subscription")


def test_own_topic_replaces_ours() -> None:
    storage = assembled(changed("prod", alarms={"notify": TOPIC}))
    assert not storage.resources("storage", "SNS::Topic")
    assert len(storage.resources("storage", "KMS::Key")) == 1


def test_change_of_topic_touches_no_export(prod: Assembly) -> None:
    own = assembled(changed("prod", alarms={"notify": TOPIC}))
    for stack in prod.stacks:
        ours, theirs = (one.template(stack).get("Outputs", {}) for one in (prod, own))
        assert ours == theirs


def test_observability_imports_nothing(aws: Assembly) -> None:
    assert "Fn::ImportValue" not in json.dumps(aws.template("observability"))
    published = {one["Properties"]["Name"] for _, one in aws.every() if one["Type"] == "AWS::SSM::Parameter"}
    parameters = aws.template("observability")["Parameters"].values()
    read = {one["Default"] for one in parameters if one["Default"].startswith("/vitrine/")}
    assert len(read) > 5
    assert read <= published


def test_budget_notifies_the_topic(prod: Assembly) -> None:
    budget = prod.only("observability", "Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 300, "Unit": "USD"}
    assert budget["Budget"]["TimeUnit"] == "MONTHLY"
    found = [
        (one["Notification"]["NotificationType"], one["Notification"]["Threshold"])
        for one in budget["NotificationsWithSubscribers"]
    ]
    assert sorted(found) == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    for one in budget["NotificationsWithSubscribers"]:
        (subscriber,) = one["Subscribers"]
        assert (subscriber["SubscriptionType"], text(subscriber["Address"])) == (
            "SNS",
            topic_of(prod.settings),
        )


def test_budget_has_no_name_of_ours(prod: Assembly) -> None:
    # Its receivers cannot be changed in place; CloudFormation makes the new budget before it deletes the old.
    assert "BudgetName" not in prod.only("observability", "Budgets::Budget")["Budget"]


def test_without_amount_no_budget() -> None:
    settings = changed("prod", alarms={"monthly_budget_usd": None})
    assert not assembled(settings).resources("observability", "Budgets::Budget")


def test_region_without_budgets_has_none(tmp_path: Path) -> None:
    settings = changed("prod", region="ca-west-1", zones=("ca-west-1a", "ca-west-1b"))
    app = cdk.App(outdir=str(tmp_path))
    ObservabilityStack(app, "west", settings=settings)
    app.synth()
    template = json.loads((tmp_path / "west.template.json").read_text())
    kinds = {one["Type"] for one in template["Resources"].values()}
    assert kinds == {ALARM, COMPOSITE, "AWS::CloudWatch::Dashboard"}


def test_regions_without_budgets_are_listed() -> None:
    # cfn-lint carries the resource types that each region's CloudFormation has.
    providers = Path(str(files.files("cfnlint"))) / "data" / "schemas" / "providers"
    regions = {file.stem: json.loads(file.read_text()) for file in providers.glob("*-*.json")}
    assert len(regions) > 30
    assert sorted(WITHOUT_BUDGETS) == sorted(
        region for region, types in regions.items() if "AWS::Budgets::Budget" not in types
    )
