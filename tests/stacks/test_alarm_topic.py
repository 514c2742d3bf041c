"""The topic of the alarms, who may publish to it, who is subscribed, and the budget that it serves."""

import json
from importlib import resources as files
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from settings.environment import WITHOUT_BUDGETS
from settings.naming import stack_name
from stacks.observability.stack import ObservabilityStack
from tests.stacks.alarm_checks import ALARM, COMPOSITE, resources_of, topic_of
from tests.stacks.assemblies import Assembly, assembled, changed
from tests.stacks.reading import text

TOPIC = "arn:aws:sns:ca-central-1:111122223333:pager"


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
