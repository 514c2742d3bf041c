"""The idle cost of an environment, from its templates."""

from typing import Any

import pytest

from planning.cost.idle import idle_cost
from planning.errors import UnknownPriceError, UnpricedResourceError
from planning.prices.price_list import price_list
from planning.synthesis import templates
from settings.environment import Environment, load_environment
from tests.stacks.assemblies import changed, full_environment


@pytest.mark.parametrize(
    "settings",
    [load_environment("dev"), load_environment("prod"), full_environment()],
    ids=lambda one: one.name,
)
def test_every_resource_has_a_price(settings: Environment) -> None:
    lines = {line.what: line for line in idle_cost(settings, templates(settings))}
    assert lines["load balancer"].usd == pytest.approx(0.02475 * 730)
    assert lines["secret in Secrets Manager"].count == (5 if settings.name == "shop" else 3)
    assert ("hosted zone in Route 53" in lines) == (settings.domain is not None)


def test_tasks_are_priced_by_size() -> None:
    prod = load_environment("prod")
    lines = {line.what: line for line in idle_cost(prod, templates(prod))}
    assert lines["Fargate task, 1 vCPU and 2 GB, ARM"].usd == pytest.approx(2 * (0.03565 + 2 * 0.00389) * 730)
    assert lines["public IPv4 address"].count == prod.service.min_tasks


def test_nat_replaces_public_addresses() -> None:
    nat = changed("prod", egress="nat")
    lines = {line.what: line for line in idle_cost(nat, templates(nat))}
    assert lines["NAT gateway with its address"].count == 1
    assert "public IPv4 address" not in lines


def endpoint(*kinds: str) -> dict[str, Any]:
    return {"Resources": {kind: {"Type": f"AWS::SageMaker::{kind}", "Properties": {}} for kind in kinds}}


def test_endpoint_costs_its_minimum() -> None:
    prod = load_environment("prod")
    asleep = idle_cost(prod, [endpoint("Model", "EndpointConfig", "Endpoint")])
    assert {line.what: line.usd for line in asleep}[f"SageMaker {prod.model.instance_type}"] == 0
    always_on = prod.model.model_copy(update={"mode": "realtime", "min_instances": 2})
    awake = prod.model_copy(update={"model": always_on})
    running = idle_cost(awake, [endpoint("Model", "EndpointConfig", "Endpoint")])
    assert running[0].usd == pytest.approx(2 * prod.model.usd_per_hour * 730)
    paused = idle_cost(prod, [endpoint("Model", "EndpointConfig")])
    assert {line.what for line in paused} == {
        "secret in Secrets Manager",
        "custom metric, at most: with reports in every hour",
    }


def test_schedule_costs_its_hours() -> None:
    shop = full_environment()  # ten hours on each of two days
    lines = idle_cost(shop, [endpoint("Model", "EndpointConfig", "Endpoint")])
    awake = {line.what: line.usd for line in lines}["SageMaker ml.g4dn.xlarge, by its schedule"]
    assert awake == pytest.approx(20 / 168 * shop.model.usd_per_hour * 730)


@pytest.mark.parametrize(
    "settings",
    [load_environment("dev"), load_environment("prod"), full_environment()],
    ids=lambda one: one.name,
)
def test_observing_costs_below_its_limit(settings: Environment) -> None:
    lines = idle_cost(settings, templates(settings))
    observing = {line.what: line for line in lines if line.observing}
    assert observing["composite CloudWatch alarm"].count == 3
    assert observing["KMS key of the alarms' topic"].count == 1
    metrics = 17 if settings.has_edge_logs() else 14
    assert observing["custom metric, at most: with reports in every hour"].usd == pytest.approx(metrics * 0.3)
    assert sum(line.usd for line in observing.values()) <= 12


def test_each_metric_of_an_alarm_is_billed() -> None:
    metric: dict[str, Any] = {"MetricStat": {}}
    alarms = {
        "One": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}},
        "Two": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [{}, metric, metric]}},
    }
    lines = {line.what: line for line in idle_cost(load_environment("prod"), [{"Resources": alarms}])}
    assert lines["metric in a CloudWatch alarm"].usd == pytest.approx(0.3)


def test_fourth_dashboard_is_billed() -> None:
    dashboard = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {}}
    for count, usd in ((3, 0), (4, 3), (5, 6)):
        resources = {str(number): dashboard for number in range(count)}
        lines = {line.what: line for line in idle_cost(load_environment("prod"), [{"Resources": resources}])}
        assert (lines["CloudWatch dashboard"].count, lines["CloudWatch dashboard"].usd) == (count, usd)


def test_unpriced_resource_is_an_error() -> None:
    with pytest.raises(UnpricedResourceError, match=r"AWS::RDS::DBInstance has no idle price") as caught:
        idle_cost(load_environment("prod"), [{"Resources": {"A": {"Type": "AWS::RDS::DBInstance"}}}])
    assert caught.value.kind == "AWS::RDS::DBInstance"


def test_unpriced_region_lists_the_known() -> None:
    with pytest.raises(UnknownPriceError, match="of load_balancer in eu-west-1, only in ca-central-1, ca-w"):
        price_list("eu-west-1").usd("load_balancer")
