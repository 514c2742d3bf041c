"""What AWS lets the account have."""

import math
from typing import Any

import pytest
from botocore.stub import Stubber

from cli.findings import Finding
from ops.doctor import quotas
from tests.ops.conftest import KEY, Stubbed, levels, make_settings

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
    settings = make_settings(model={"instance_type": "ml.m5.large", "artifact": KEY, **model})
    assert levels(quotas.endpoint_instances(settings, client)) == [level]


def test_hint_requests_the_update_maximum(stubbed: Stubbed) -> None:
    client, stub = stubbed("service-quotas")
    answer(stub, quota(0, "ml.g4dn.xlarge for endpoint usage"))
    settings = make_settings(model={"instance_type": "ml.g4dn.xlarge", "artifact": KEY, "max_instances": 3})
    (finding,) = quotas.endpoint_instances(settings, client)
    assert "0 ml.g4dn.xlarge for endpoint usage" in finding.text
    assert "--quota-code L-0F1D2C3B --desired-value 6" in finding.hint


def test_quota_on_later_page_is_found(stubbed: Stubbed) -> None:
    client, stub = stubbed("service-quotas")
    stub.add_response("list_service_quotas", {"Quotas": [quota(0, "other")], "NextToken": "2"}, PARAMS)
    stub.add_response("list_service_quotas", {"Quotas": [quota(2)]}, {**PARAMS, "NextToken": "2"})
    assert levels(quotas.endpoint_instances(make_settings(), client)) == ["ok"]


def test_unchanged_quota_has_its_default(stubbed: Stubbed) -> None:
    client, stub = stubbed("service-quotas")
    answer(stub)
    stub.add_response("list_aws_default_service_quotas", {"Quotas": [quota(4)]}, PARAMS)
    assert levels(quotas.endpoint_instances(make_settings(), client)) == ["ok"]


def test_instance_type_without_quota_warns(stubbed: Stubbed) -> None:
    client, stub = stubbed("service-quotas")
    answer(stub)
    stub.add_response("list_aws_default_service_quotas", {"Quotas": []}, PARAMS)
    (finding,) = quotas.endpoint_instances(make_settings(), client)
    assert finding.level == "warning"
    assert "model.instance_type" in finding.hint


def listed(stub: Stubber, quota_name: str, *applied: dict[str, Any]) -> None:
    """Prepare what one search for a quota asks: the applied quotas, then the defaults."""
    answer(stub, *applied)
    if quota_name not in [one["QuotaName"] for one in applied]:
        stub.add_response("list_aws_default_service_quotas", {"Quotas": []}, PARAMS)


T2 = "ml.t2.medium for endpoint usage"


@pytest.mark.parametrize(
    ("artifact", "spare", "offered"),
    [("demo", 2, True), ("demo", 1, True), ("demo", 0, False), ("demo", None, False), (KEY, 2, False)],
)
def test_smaller_instance_is_offered_if_allowed(
    stubbed: Stubbed, artifact: str, spare: int | None, offered: bool
) -> None:
    client, stub = stubbed("service-quotas")
    applied = [quota(0, "ml.m5.large for endpoint usage"), *([] if spare is None else [quota(spare, T2)])]
    listed(stub, applied[0]["QuotaName"], *applied)
    if artifact == "demo":
        listed(stub, T2, *applied)
    settings = make_settings(model={"artifact": artifact, "instance_type": "ml.m5.large", "mode": "async"})
    (finding,) = quotas.endpoint_instances(settings, client)
    assert finding.level == "failure"
    assert ("ml.t2.medium" in finding.hint) is offered
    assert ('model.mode = "realtime"' in finding.hint) is offered


NEITHER = {"webhook": None, "hooks": None}
FARGATE = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}


@pytest.mark.parametrize(
    ("allowed", "service", "level"),
    [
        (6, {"cpu_units": 512, "memory_mb": 1024, "min_tasks": 1, "max_tasks": 2}, "ok"),
        (2, {"cpu_units": 512, "memory_mb": 1024, "min_tasks": 1, "max_tasks": 2}, "ok"),
        (6, {"cpu_units": 1024, "memory_mb": 2048, "min_tasks": 2, "max_tasks": 6}, "warning"),
        (12, {"cpu_units": 1024, "memory_mb": 2048, "min_tasks": 2, "max_tasks": 6}, "ok"),
        (1, {"cpu_units": 1024, "memory_mb": 2048, "min_tasks": 2, "max_tasks": 6}, "failure"),
        (0, {"cpu_units": 256, "memory_mb": 512, "min_tasks": 1, "max_tasks": 1}, "failure"),
    ],
)
def test_fargate_quota_covers_a_deployment(
    stubbed: Stubbed, allowed: float, service: dict[str, int], level: str
) -> None:
    client, stub = stubbed("service-quotas")
    stub.add_response("get_service_quota", {"Quota": {"Value": allowed}}, FARGATE)
    (finding,) = quotas.fargate_vcpus(make_settings(service=service), client)
    assert finding.level == level
    if level != "ok":
        wanted = 2 * service["max_tasks"] * service["cpu_units"] / 1024
        assert f"--quota-code L-3032A538 --desired-value {math.ceil(wanted)}`" in finding.hint


def test_unchanged_fargate_quota_has_its_default(stubbed: Stubbed) -> None:
    client, stub = stubbed("service-quotas")
    stub.add_client_error("get_service_quota", "NoSuchResourceException", expected_params=FARGATE)
    stub.add_response("get_aws_default_service_quota", {"Quota": {"Value": 6.0}}, FARGATE)
    assert levels(quotas.fargate_vcpus(make_settings(), client)) == ["ok"]


def concurrency(stubbed: Stubbed, allowed: int, **changes: Any) -> Finding:
    client, stub = stubbed("lambda")
    stub.add_response("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": allowed}}, {})
    (finding,) = quotas.lambda_concurrency(make_settings(**changes), client)
    return finding


@pytest.mark.parametrize(
    ("allowed", "consumers", "level"),
    [
        (10, {}, "warning"),
        (55, {}, "warning"),
        (56, {}, "ok"),
        (1000, {"max_concurrency": 10}, "ok"),
        (1000, {"max_concurrency": 320}, "warning"),
        (1000, {"max_concurrency": 300, "reserved_concurrency": 301}, "failure"),
        (1000, {"max_concurrency": 10, "reserved_concurrency": 300}, "ok"),
        (10, {"reserved_concurrency": 2}, "failure"),
    ],
)
def test_consumers_leave_room_for_callers(
    stubbed: Stubbed, allowed: int, consumers: dict[str, int], level: str
) -> None:
    finding = concurrency(stubbed, allowed, consumers=consumers)
    assert finding.level == level
    assert ("--service-code lambda" in finding.hint) == (level != "ok")


@pytest.mark.parametrize(("changes", "taken"), [({}, 6), ({"webhook": None}, 4), (NEITHER, 2)])
def test_fewer_consumers_take_fewer_calls(stubbed: Stubbed, changes: dict[str, Any], taken: int) -> None:
    assert f"take {taken} at most" in concurrency(stubbed, 1000, **changes).text


@pytest.mark.parametrize(("allowed", "offered"), [(100, True), (10, False)])
def test_lower_concurrency_is_offered_if_it_helps(stubbed: Stubbed, allowed: int, offered: bool) -> None:
    hint = concurrency(stubbed, allowed, consumers={"max_concurrency": 30}).hint
    assert ("Or set consumers.max_concurrency to 16." in hint) is offered
