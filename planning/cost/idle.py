"""The monthly cost of an environment without requests, line by line, from its templates."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from planning.cost.bill import Line, bill
from planning.errors import UnpricedResourceError
from planning.prices.price_list import PriceList, price_list
from planning.workload import HOURS_PER_MONTH, HOURS_PER_WEEK
from services.core.metrics import OF_EDGE_LOGS, UNITS
from settings.environment import Environment

# Lambda polls an empty queue with five pollers and long polls of 20 s.
POLLERS, POLLS_PER_HOUR = 5, 180
FREE_DASHBOARDS = 3  # in an account
DASHBOARD = "CloudWatch dashboard"
AT_MOST_METRICS = "custom metric, at most: with reports in every hour"
# Free without requests: S3, DynamoDB on demand, logs and images are billed by the gigabyte, the gateway by
# the request, and the rest is always free.
FREE_WHEN_IDLE = frozenset(Path(__file__).with_name("free_when_idle.txt").read_text("utf-8").split())
Resource = Mapping[str, Any]


def idle_cost(settings: Environment, templates: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Return the monthly cost of an environment's templates without requests, most expensive first.

    Raises UnpricedResourceError or UnknownPriceError.
    """
    prices = price_list(settings.region)
    lines = [line for template in templates for line in _of_template(template["Resources"], prices, settings)]
    lines += _by_settings(settings, prices)
    lines += _more_dashboards(lines, prices)
    return list(bill(lines).lines)


def _of_template(
    resources: Mapping[str, Resource], prices: PriceList, settings: Environment
) -> Iterator[Line]:
    hours = HOURS_PER_MONTH
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
                    usd = zones * prices.usd("interface_endpoint") * hours
                    yield Line("interface endpoint, per zone", zones, usd, ("interface_endpoint",))
            case "AWS::ApplicationAutoScaling::ScalingPolicy":
                if properties["PolicyType"] == "TargetTrackingScaling":
                    # AWS creates one alarm to scale out and one to scale in.
                    yield Line(
                        "CloudWatch alarm of auto scaling",
                        2,
                        2 * prices.usd("alarm_metric"),
                        ("alarm_metric",),
                    )
            case "AWS::ElasticLoadBalancingV2::LoadBalancer":
                yield Line("load balancer", 1, prices.usd("load_balancer") * hours, ("load_balancer",))
            case "AWS::EC2::NatGateway":
                usd = (prices.usd("nat_gateway") + prices.usd("public_ipv4")) * hours
                yield Line("NAT gateway with its address", 1, usd, ("nat_gateway", "public_ipv4"))
            case "AWS::Lambda::EventSourceMapping":
                # Reading a table's stream is free for a function.
                if "ScalingConfig" in properties:
                    usd = POLLERS * POLLS_PER_HOUR * hours / 1e6 * prices.usd("sqs_request")
                    yield Line("queue that a function polls", 1, usd, ("sqs_request",))
            case "AWS::KMS::Key":
                of_alarms = "cloudwatch.amazonaws.com" in str(properties.get("KeyPolicy"))
                what = "KMS key of the alarms' topic" if of_alarms else "KMS key"
                yield Line(what, 1, prices.usd("kms_key"), ("kms_key",), of_alarms)
            case "AWS::CloudWatch::Alarm":
                # Each metric of an expression counts as an alarm.
                count = sum("MetricStat" in one for one in properties.get("Metrics", ())) or 1
                usd = count * prices.usd("alarm_metric")
                yield Line("metric in a CloudWatch alarm", count, usd, ("alarm_metric",), observing=True)
            case "AWS::CloudWatch::CompositeAlarm":
                usd = prices.usd("composite_alarm")
                yield Line("composite CloudWatch alarm", 1, usd, ("composite_alarm",), observing=True)
            case "AWS::CloudWatch::Dashboard":
                # The account's first are free; _more_dashboards charges the others.
                yield Line(DASHBOARD, 1, 0.0, ("dashboard",), observing=True)
            case _ if kind not in FREE_WHEN_IDLE:
                raise UnpricedResourceError(kind)


def _service(properties: Resource, task: Resource, prices: PriceList, tasks: int) -> Iterator[Line]:
    hours = HOURS_PER_MONTH
    vcpu, memory_gb = int(task["Cpu"]) / 1024, int(task["Memory"]) / 1024
    hourly = vcpu * prices.usd("fargate_arm_vcpu") + memory_gb * prices.usd("fargate_arm_gb")
    yield Line(
        f"Fargate task, {vcpu:g} vCPU and {memory_gb:g} GB, ARM",
        tasks,
        tasks * hourly * hours,
        ("fargate_arm_vcpu", "fargate_arm_gb"),
    )
    network = properties["NetworkConfiguration"]["AwsvpcConfiguration"]
    if network.get("AssignPublicIp") == "ENABLED":
        usd = tasks * prices.usd("public_ipv4") * hours
        yield Line("public IPv4 address", tasks, usd, ("public_ipv4",))


def _endpoint(settings: Environment, hours: int) -> Iterator[Line]:
    model = settings.model
    # Without requests autoscaling reduces the endpoint to its minimum.
    count, usd = model.min_instances, model.usd_per_hour * hours
    yield Line(f"SageMaker {model.instance_type}", count, count * usd, part="model")
    if model.schedule is not None:
        share = model.schedule.hours_per_week / HOURS_PER_WEEK
        yield Line(f"SageMaker {model.instance_type}, by its schedule", 1, share * usd, part="model")


def _more_dashboards(lines: Iterable[Line], prices: PriceList) -> Iterator[Line]:
    dashboards = sum(line.count for line in lines if line.what == DASHBOARD)
    more = max(0, dashboards - FREE_DASHBOARDS)
    if more:
        yield Line(DASHBOARD, 0, more * prices.usd("dashboard"), ("dashboard",), observing=True)


def _by_settings(settings: Environment, prices: PriceList) -> Iterator[Line]:
    # No template declares these: an operator creates them once.
    if settings.target == "aws":
        count = len(settings.secret_names())
        yield Line("secret in Secrets Manager", count, count * prices.usd("secret"), ("secret",))
        # Billed for the hours in which it has a value, so without reports less.
        count = len(UNITS) if settings.has_edge_logs() else len(UNITS.keys() - OF_EDGE_LOGS)
        usd = count * prices.usd("custom_metric")
        yield Line(AT_MOST_METRICS, count, usd, ("custom_metric",), observing=True)
        if settings.domain is not None:
            yield Line("hosted zone in Route 53", 1, prices.usd("hosted_zone"), ("hosted_zone",))
