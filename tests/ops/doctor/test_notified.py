"""The receiver of alarms: an address that must confirm, or a topic that must admit AWS's services."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.findings import Finding
from ops.doctor.notified import PUBLISHERS, receiver
from tests.ops.conftest import Stubbed, make_settings

ADDRESS = "ops@shop.example"
ARN = "arn:aws:sns:ca-central-1:123456789012:pager"


@pytest.fixture
def sns() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sns", region_name="ca-central-1")


def finding(notify: str, sns: Any) -> Finding:
    (found,) = receiver(make_settings(alarms={"notify": notify}), sns)
    return found


def statement(*services: str, action: object = "sns:Publish") -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": action, "Resource": ARN}


def test_nobody_named_finds_nothing(sns: Any) -> None:
    assert list(receiver(make_settings(alarms={"notify": None}), sns)) == []


def test_address_before_the_deployment_is_ok(sns: Any) -> None:
    sns.create_topic(Name="vitrine-shop-alarms-2")
    assert finding(ADDRESS, sns).level == "ok"


@pytest.mark.parametrize("endpoints", [[], ["other@shop.example"]])
def test_unsubscribed_address_warns(sns: Any, endpoints: list[str]) -> None:
    arn = sns.create_topic(Name="vitrine-shop-alarms")["TopicArn"]
    for endpoint in endpoints:
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=endpoint)
    found = finding(ADDRESS, sns)
    assert (found.level, "is not subscribed" in found.text) == ("warning", True)
    assert f"aws sns subscribe --topic-arn {arn}" in found.hint


@pytest.mark.parametrize(("state", "level"), [("PendingConfirmation", "warning"), (f"{ARN}:1", "ok")])
def test_address_must_confirm(stubbed: Stubbed, state: str, level: str) -> None:
    # moto confirms by itself.
    client, stub = stubbed("sns")
    arn = "arn:aws:sns:ca-central-1:123456789012:vitrine-shop-alarms"
    stub.add_response("list_topics", {"Topics": [{"TopicArn": ARN}, {"TopicArn": arn}]})
    subscription = {"Endpoint": ADDRESS, "Protocol": "email", "SubscriptionArn": state, "TopicArn": arn}
    stub.add_response("list_subscriptions_by_topic", {"Subscriptions": [subscription]})
    assert finding(ADDRESS, client).level == level


def test_missing_topic_fails(sns: Any) -> None:
    found = finding(ARN, sns)
    assert found.level == "failure"
    assert ARN in found.text


@pytest.mark.parametrize(
    ("statements", "missing"),
    [
        (None, set(PUBLISHERS)),
        ([statement(PUBLISHERS[0])], {PUBLISHERS[1]}),
        ([statement(*PUBLISHERS) | {"Effect": "Deny"}], set(PUBLISHERS)),
        ([statement(*PUBLISHERS, action="sns:Subscribe")], set(PUBLISHERS)),
        ([statement(*PUBLISHERS)], set()),
        (
            [statement(PUBLISHERS[0]), statement(PUBLISHERS[1], action=["SNS:Publish", "sns:Subscribe"])],
            set(),
        ),
        ([statement() | {"Principal": "*"}], set()),
    ],
)
def test_topic_must_admit_both_services(sns: Any, statements: Any, missing: set[str]) -> None:
    arn = sns.create_topic(Name="pager")["TopicArn"]
    if statements is not None:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    found = finding(arn, sns)
    assert found.level == ("warning" if missing else "ok")
    assert {service for service in PUBLISHERS if service in found.text} == missing
