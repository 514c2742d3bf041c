"""The network of `services/analyze`: where tasks and load balancer stand, and how the tasks get out."""

from typing import Literal
from urllib.parse import urlsplit

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from settings.environment import Environment, LogDays
from stacks.constructs.logs import log_group

MOST_ZONES = 3
HTTPS = 443
# Nothing routes out of these or into them: for the load balancer and the gateway's link. Both environments of
# `egress` have them, so that changing it moves the tasks and nothing that other stacks refer to.
INNER = ec2.SubnetSelection(subnet_group_name="Inner")


def service_vpc(
    scope: Construct, *, zones: tuple[str, ...], egress: Literal["public", "nat"], log_days: LogDays
) -> ec2.Vpc:
    """Declare the VPC in the named zones, with free ways to S3 and DynamoDB, and a log of what is refused."""
    # The order gives the addresses: what only one kind of egress has comes last, and there is always room for
    # the third zone, so that no subnet ever has to take another's addresses.
    subnets = [
        _subnets("Public", ec2.SubnetType.PUBLIC, 20),
        _subnets("Inner", ec2.SubnetType.PRIVATE_ISOLATED, 24),
    ]
    if egress == "nat":
        subnets.append(_subnets("Tasks", ec2.SubnetType.PRIVATE_WITH_EGRESS, 20))
    vpc = ec2.Vpc(
        scope,
        "Vpc",
        availability_zones=list(zones),
        reserved_azs=MOST_ZONES - len(zones),
        subnet_configuration=subnets,
        nat_gateways=1 if egress == "nat" else 0,
        # It takes a custom resource with a function to empty a group that nothing here uses.
        restrict_default_security_group=False,
    )
    vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
    vpc.add_gateway_endpoint("DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
    vpc.add_flow_log(
        "Refused",
        destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group(scope, "RefusedLog", log_days)),
        # What is accepted stands in the access log and in the service's own, and costs by its bytes.
        traffic_type=ec2.FlowLogTrafficType.REJECT,
    )
    return vpc


def task_subnets(egress: Literal["public", "nat"]) -> ec2.SubnetSelection:
    """Where tasks run: with addresses of their own, or behind the NAT gateway."""
    return ec2.SubnetSelection(subnet_group_name="Public" if egress == "public" else "Tasks")


def outward_ports(settings: Environment) -> list[int]:
    """The ports that tasks call out on: HTTPS, and those that the settings' own addresses name."""
    urls = (settings.supabase.url, settings.supabase.issuer, settings.llm.base_url)
    return sorted({HTTPS, *(urlsplit(url).port or HTTPS for url in urls if url is not None)})


def _subnets(name: str, kind: ec2.SubnetType, mask: int) -> ec2.SubnetConfiguration:
    # A task asks for its public address itself; nothing else that starts in these subnets gets one.
    public = {"map_public_ip_on_launch": False} if kind == ec2.SubnetType.PUBLIC else {}
    return ec2.SubnetConfiguration(name=name, subnet_type=kind, cidr_mask=mask, **public)
