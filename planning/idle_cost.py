"""The monthly cost of an environment without requests, line by line, from its templates."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from planning.prices import RegionPrices, load_prices
from settings.environment import Environment

# Lambda polls an empty queue with five pollers and long polls of 20 s.
POLLERS, POLLS_PER_HOUR = 5, 180
HOURS_PER_WEEK = 7 * 24
Resource = Mapping[str, Any]


class UnpricedResourceError(ValueError):
    """A template holds a resource type without a known price."""


@dataclass(frozen=True)
class Line:
    """One line of the bill: `count` of `what` cost `usd` a month in total."""

    what: str
    count: float
    usd: float


def idle_cost(settings: Environment, templates: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Return the monthly cost of an environment's templates without requests, most expensive first.

    Raises UnpricedResourceError, and UnknownRegionError.
    """
    prices = load_prices(settings.region)
    lines = [line for template in templates for line in _of_template(template["Resources"], prices, settings)]
    lines += _by_settings(settings, prices)
    together: dict[str, Line] = {}
    for line in lines:
        before = together.get(line.what, Line(line.what, 0, 0.0))
        together[line.what] = Line(line.what, before.count + line.count, before.usd + line.usd)
    return sorted(together.values(), key=lambda line: -line.usd)


def _of_template(
    resources: Mapping[str, Resource], prices: RegionPrices, settings: Environment
) -> Iterator[Line]:
    for resource in resources.values():
        kind = resource["Type"]
        if kind in _PRICED:
            yield from _PRICED[kind](resource.get("Properties", {}), resources, prices, settings)
        elif kind not in prices.free_when_idle:
            raise UnpricedResourceError(
                f"{kind}: add its idle price to planning/idle_cost.py, or list it as free in "
                "planning/prices.toml"
            )


def _service(
    properties: Resource, resources: Mapping[str, Resource], prices: RegionPrices, settings: Environment
) -> Iterator[Line]:
    task = resources[properties["TaskDefinition"]["Ref"]]["Properties"]
    tasks, hours = settings.service.min_tasks, prices.hours_per_month
    vcpu, memory_gb = int(task["Cpu"]) / 1024, int(task["Memory"]) / 1024
    hourly = vcpu * prices.fargate_arm_vcpu_hour + memory_gb * prices.fargate_arm_gb_hour
    yield Line(f"Fargate task, {vcpu:g} vCPU and {memory_gb:g} GB, ARM", tasks, tasks * hourly * hours)
    network = properties["NetworkConfiguration"]["AwsvpcConfiguration"]
    if network.get("AssignPublicIp") == "ENABLED":
        yield Line("public IPv4 address", tasks, tasks * prices.public_ipv4_hour * hours)


def _endpoint_config(
    properties: Resource, resources: Mapping[str, Resource], prices: RegionPrices, settings: Environment
) -> Iterator[Line]:
    if not any(one["Type"] == "AWS::SageMaker::Endpoint" for one in resources.values()):
        return
    model = settings.model
    # Without requests autoscaling reduces the endpoint to its minimum.
    count = model.min_instances
    yield Line(f"SageMaker {model.instance_type}", count, count * model.usd_per_hour * prices.hours_per_month)
    if model.schedule is not None:
        share = model.schedule.hours_per_week / HOURS_PER_WEEK
        usd = share * model.usd_per_hour * prices.hours_per_month
        yield Line(f"SageMaker {model.instance_type}, by its schedule", 1, usd)


def _vpc_endpoint(
    properties: Resource, resources: Mapping[str, Resource], prices: RegionPrices, settings: Environment
) -> Iterator[Line]:
    if properties.get("VpcEndpointType") == "Interface":
        zones = len(properties["SubnetIds"])
        yield Line(
            "interface endpoint, per zone",
            zones,
            zones * prices.interface_endpoint_hour * prices.hours_per_month,
        )


def _scaling_policy(
    properties: Resource, resources: Mapping[str, Resource], prices: RegionPrices, settings: Environment
) -> Iterator[Line]:
    if properties["PolicyType"] == "TargetTrackingScaling":
        # AWS creates one alarm to scale out and one to scale in.
        yield Line("CloudWatch alarm", 2, 2 * prices.alarm_month)


def _event_source(
    properties: Resource, resources: Mapping[str, Resource], prices: RegionPrices, settings: Environment
) -> Iterator[Line]:
    # Reading a table's stream is free for a function.
    if "ScalingConfig" in properties:
        polls = POLLERS * POLLS_PER_HOUR * prices.hours_per_month
        yield Line("queue that a function polls", 1, polls / 1e6 * prices.sqs_request_million)


def _each(what: str, usd_month: Callable[[RegionPrices], float]) -> Callable[..., Iterator[Line]]:
    def price(
        properties: Resource, resources: Mapping[str, Resource], prices: RegionPrices, settings: Environment
    ) -> Iterator[Line]:
        yield Line(what, 1, usd_month(prices))

    return price


_PRICED: dict[str, Callable[..., Iterator[Line]]] = {
    "AWS::ECS::Service": _service,
    "AWS::SageMaker::EndpointConfig": _endpoint_config,
    "AWS::EC2::VPCEndpoint": _vpc_endpoint,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policy,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _each(
        "load balancer", lambda prices: prices.load_balancer_hour * prices.hours_per_month
    ),
    "AWS::EC2::NatGateway": _each(
        "NAT gateway with its address",
        lambda prices: (prices.nat_gateway_hour + prices.public_ipv4_hour) * prices.hours_per_month,
    ),
    "AWS::Lambda::EventSourceMapping": _event_source,
    "AWS::KMS::Key": _each("KMS key", lambda prices: prices.kms_key_month),
    "AWS::CloudWatch::Alarm": _each("CloudWatch alarm", lambda prices: prices.alarm_month),
}


def _by_settings(settings: Environment, prices: RegionPrices) -> Iterator[Line]:
    # No template declares these: an operator creates them once.
    if settings.target == "aws":
        count = len(settings.secret_names())
        yield Line("secret in Secrets Manager", count, count * prices.secret_month)
        if settings.domain is not None:
            yield Line("hosted zone in Route 53", 1, prices.hosted_zone_month)
