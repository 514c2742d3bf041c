"""What AWS lets the account have."""

from typing import Any

import pytest
from botocore.stub import Stubber

from ops.doctor import account
from tests.ops.conftest import Stubbed, levels, make_settings

PARAMS = {"ServiceCode": "sagemaker"}


NAME = f"{make_settings().model.instance_type} for endpoint usage"


def quota(value: float, name: str = NAME) -> dict[str, Any]:
    return {"QuotaName": name, "QuotaCode": "L-0F1D2C3B", "Value": value}


def answer(stub: Stubber, *applied: dict[str, Any]) -> None:
    stub.add_response("list_service_quotas", {"Quotas": [quota(0, "other"), *applied]}, PARAMS)


@pytest.mark.parametrize(
    ("allowed", "model", "level"),
    [
        (0, {}, "failure"),
        (1, {}, "warning"),  # an update needs two
        (2, {}, "ok"),
        (3, {"max_instances": 3}, "warning"),
        (6, {"max_instances": 3}, "ok"),
        (1, {"min_instances": 2, "max_instances": 2}, "failure"),
        (0, {"mode": "async", "min_instances": 0}, "failure"),  # it starts with one all the same
        (0, {"paused": True}, "warning"),
    ],
)
def test_quota_covers_start_and_update(
    stubbed: Stubbed, allowed: int, model: dict[str, Any], level: str
) -> None:
    client, stub = stubbed("service-quotas")
    answer(stub, quota(allowed, "ml.m5.large for endpoint usage"))
    settings = make_settings(model={"instance_type": "ml.m5.large", **model})
    assert levels(account.endpoint_instances(settings, client)) == [level]


def test_hint_requests_the_update_maximum(stubbed: Stubbed) -> None:
    client, stub = stubbed("service-quotas")
    answer(stub, quota(0, "ml.g4dn.xlarge for endpoint usage"))
    settings = make_settings(model={"instance_type": "ml.g4dn.xlarge", "max_instances": 3})
    (finding,) = account.endpoint_instances(settings, client)
    assert "0 ml.g4dn.xlarge for endpoint usage" in finding.text
    assert "--quota-code L-0F1D2C3B --desired-value 6" in finding.hint


def test_quota_on_later_page_is_found(stubbed: Stubbed) -> None:
    client, stub = stubbed("service-quotas")
    stub.add_response("list_service_quotas", {"Quotas": [quota(0, "other")], "NextToken": "2"}, PARAMS)
    stub.add_response("list_service_quotas", {"Quotas": [quota(2)]}, {**PARAMS, "NextToken": "2"})
    assert levels(account.endpoint_instances(make_settings(), client)) == ["ok"]


def test_unchanged_quota_has_its_default(stubbed: Stubbed) -> None:
    client, stub = stubbed("service-quotas")
    answer(stub)
    stub.add_response("list_aws_default_service_quotas", {"Quotas": [quota(4)]}, PARAMS)
    assert levels(account.endpoint_instances(make_settings(), client)) == ["ok"]


def test_instance_type_without_quota_warns(stubbed: Stubbed) -> None:
    client, stub = stubbed("service-quotas")
    answer(stub)
    stub.add_response("list_aws_default_service_quotas", {"Quotas": []}, PARAMS)
    (finding,) = account.endpoint_instances(make_settings(), client)
    assert finding.level == "warning"
    assert "model.instance_type" in finding.hint


@pytest.mark.parametrize(("allowed", "level"), [(10, "warning"), (1000, "ok")])
def test_low_lambda_concurrency_warns(stubbed: Stubbed, allowed: int, level: str) -> None:
    client, stub = stubbed("lambda")
    stub.add_response("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": allowed}}, {})
    (finding,) = account.lambda_concurrency(make_settings(), client)
    assert finding.level == level
    assert ("--service-code lambda" in finding.hint) == (level == "warning")
