"""The monthly cost of an environment without requests, line by line, from its templates."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.core.metrics import UNITS
from settings.environment import Environment

# Lambda polls an empty queue with five pollers and long polls of 20 s.
POLLERS, POLLS_PER_HOUR = 5, 180
HOURS_PER_WEEK = 7 * 24
DASHBOARD = "CloudWatch dashboard"
PRICES = Path(__file__).with_name("prices.toml")
Usd = Annotated[float, Field(ge=0)]
Resource = Mapping[str, Any]


class UnpricedResourceError(ValueError):
    """A template holds a resource type without a known price."""


class UnknownRegionError(ValueError):
    """The region has no prices; the message lists the regions that have."""


class RegionPrices(BaseModel):
    """Prices of one region in USD, per hour or month as each name says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours_per_month: int
    free_when_idle: frozenset[str]
    kms_key_month: Usd
    secret_month: Usd
    hosted_zone_month: Usd
    alarm_month: Usd
    composite_alarm_month: Usd
    custom_metric_month: Usd
    dashboard_month: Usd
    free_dashboards: int
    sqs_request_million: Usd
    public_ipv4_hour: Usd
    fargate_arm_vcpu_hour: Usd
    fargate_arm_gb_hour: Usd
    load_balancer_hour: Usd
    nat_gateway_hour: Usd
    interface_endpoint_hour: Usd


def load_prices(region: str) -> RegionPrices:
    """Return the prices of `region`; raises UnknownRegionError."""
    table = tomllib.loads(PRICES.read_text("utf-8"))
    if region not in table["regions"]:
        known = ", ".join(sorted(table["regions"]))
        raise UnknownRegionError(f"planning/prices.toml has no prices of {region}, only of {known}: add them")
    regions, everywhere = table.pop("regions"), table.pop("global")
    return RegionPrices.model_validate({**table, **everywhere, **regions[region]})


@dataclass(frozen=True)
class Line:
    """One line of the bill: `count` of `what` cost `usd` a month in total.

    `observing` marks what tells operators how the environment does.
    """

    what: str
    count: float
    usd: float
    observing: bool = False


def idle_cost(settings: Environment, templates: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Return the monthly cost of an environment's templates without requests, most expensive first.

    Raises UnpricedResourceError or UnknownRegionError.
    """
    prices = load_prices(settings.region)
    lines = [line for template in templates for line in _of_template(template["Resources"], prices, settings)]
    lines += _by_settings(settings, prices)
    lines += _more_dashboards(lines, prices)
    together: dict[str, Line] = {}
    for line in lines:
        before = together.get(line.what, replace(line, count=0, usd=0.0))
        together[line.what] = replace(line, count=before.count + line.count, usd=before.usd + line.usd)
    return sorted(together.values(), key=lambda line: -line.usd)


def _of_template(
    resources: Mapping[str, Resource], prices: RegionPrices, settings: Environment
) -> Iterator[Line]:
    hours = prices.hours_per_month
    for resource in resources.values():
        kind, properties = resource["Type"], resource.get("Properties", {})
        match kind:
            case "AWS::ECS::Service":
                task = resources[properties["TaskDefinition"]["Ref"]]["Properties"]
                yield from _service(properties, task, prices, settings.service.min_tasks)
            case "AWS::SageMaker::Endpoint":
                yield from _endpoint(settings, hours)
            case "AWS::EC2::VPCEndpoint":
                if properties.get("VpcEndpointType") == "Interface":
                    zones = len(properties["SubnetIds"])
                    usd = zones * prices.interface_endpoint_hour * hours
                    yield Line("interface endpoint, per zone", zones, usd)
            case "AWS::ApplicationAutoScaling::ScalingPolicy":
                if properties["PolicyType"] == "TargetTrackingScaling":
                    # AWS creates one alarm to scale out and one to scale in.
                    yield Line("CloudWatch alarm of auto scaling", 2, 2 * prices.alarm_month)
            case "AWS::ElasticLoadBalancingV2::LoadBalancer":
                yield Line("load balancer", 1, prices.load_balancer_hour * hours)
            case "AWS::EC2::NatGateway":
                usd = (prices.nat_gateway_hour + prices.public_ipv4_hour) * hours
                yield Line("NAT gateway with its address", 1, usd)
            case "AWS::Lambda::EventSourceMapping":
                # Reading a table's stream is free for a function.
                if "ScalingConfig" in properties:
                    usd = POLLERS * POLLS_PER_HOUR * hours / 1e6 * prices.sqs_request_million
                    yield Line("queue that a function polls", 1, usd)
            case "AWS::KMS::Key":
                of_alarms = "cloudwatch.amazonaws.com" in str(properties.get("KeyPolicy"))
                what = "KMS key of the alarms' topic" if of_alarms else "KMS key"
                yield Line(what, 1, prices.kms_key_month, observing=of_alarms)
            case "AWS::CloudWatch::Alarm":
                # Each metric of an expression counts as an alarm.
                count = sum("MetricStat" in one for one in properties.get("Metrics", ())) or 1
                yield Line("metric in a CloudWatch alarm", count, count * prices.alarm_month, observing=True)
            case "AWS::CloudWatch::CompositeAlarm":
                yield Line("composite CloudWatch alarm", 1, prices.composite_alarm_month, observing=True)
            case "AWS::CloudWatch::Dashboard":
                # The account's first are free; _more_dashboards charges the others.
                yield Line(DASHBOARD, 1, 0.0, observing=True)
            case _ if kind not in prices.free_when_idle:
                raise UnpricedResourceError(
                    f"{kind}: add its idle price to planning/idle_cost.py, or list it as free in "
                    "planning/prices.toml"
                )


def _service(properties: Resource, task: Resource, prices: RegionPrices, tasks: int) -> Iterator[Line]:
    hours = prices.hours_per_month
    vcpu, memory_gb = int(task["Cpu"]) / 1024, int(task["Memory"]) / 1024
    hourly = vcpu * prices.fargate_arm_vcpu_hour + memory_gb * prices.fargate_arm_gb_hour
    yield Line(f"Fargate task, {vcpu:g} vCPU and {memory_gb:g} GB, ARM", tasks, tasks * hourly * hours)
    network = properties["NetworkConfiguration"]["AwsvpcConfiguration"]
    if network.get("AssignPublicIp") == "ENABLED":
        yield Line("public IPv4 address", tasks, tasks * prices.public_ipv4_hour * hours)


def _endpoint(settings: Environment, hours: int) -> Iterator[Line]:
    model = settings.model
    # Without requests autoscaling reduces the endpoint to its minimum.
    count, usd = model.min_instances, model.usd_per_hour * hours
    yield Line(f"SageMaker {model.instance_type}", count, count * usd)
    if model.schedule is not None:
        share = model.schedule.hours_per_week / HOURS_PER_WEEK
        yield Line(f"SageMaker {model.instance_type}, by its schedule", 1, share * usd)


def _more_dashboards(lines: Iterable[Line], prices: RegionPrices) -> Iterator[Line]:
    dashboards = sum(line.count for line in lines if line.what == DASHBOARD)
    more = max(0, dashboards - prices.free_dashboards)
    if more:
        yield Line(DASHBOARD, 0, more * prices.dashboard_month, observing=True)


def _by_settings(settings: Environment, prices: RegionPrices) -> Iterator[Line]:
    # No template declares these: an operator creates them once.
    if settings.target == "aws":
        count = len(settings.secret_names())
        yield Line("secret in Secrets Manager", count, count * prices.secret_month)
        # Billed for the hours in which it has a value, so without reports less.
        usd = len(UNITS) * prices.custom_metric_month
        yield Line("custom metric, at most: with reports in every hour", len(UNITS), usd, observing=True)
        if settings.domain is not None:
            yield Line("hosted zone in Route 53", 1, prices.hosted_zone_month)
