"""The network of `services/analyze`: subnets of tasks and load balancer, egress, domain and certificate."""

from typing import Literal
from urllib.parse import urlsplit

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_route53 as route53
from constructs import Construct

from settings.environment import Environment, LogDays
from settings.naming import LINK_ZONES
from settings.schema import Domain
from stacks.constructs.operations import log_group

MOST_ZONES = 3
HTTPS = 443
# Subnets without a route to the internet, for the load balancer and the gateway's VPC link.
INNER = ec2.SubnetSelection(subnet_group_name="Inner")


def service_vpc(
    scope: Construct, *, zones: tuple[str, ...], egress: Literal["public", "nat"], log_days: LogDays
) -> ec2.Vpc:
    """Declare the VPC in these zones, with S3 and DynamoDB endpoints and a log of rejected traffic."""
    # Address blocks follow this order, and the third zone's are reserved, so that no change of the settings
    # moves a subnet to another block.
    # All exist with both values of `egress`: a change of it moves the tasks, and nothing that another stack
    # refers to. Without NAT, "Tasks" has no route to the internet.
    behind_nat = ec2.SubnetType.PRIVATE_WITH_EGRESS if egress == "nat" else ec2.SubnetType.PRIVATE_ISOLATED
    subnets = [
        _subnets("Public", ec2.SubnetType.PUBLIC, 20),
        _subnets("Inner", ec2.SubnetType.PRIVATE_ISOLATED, 24),
        _subnets("Tasks", behind_nat, 20),
    ]
    vpc = ec2.Vpc(
        scope,
        "Vpc",
        availability_zones=list(zones),
        reserved_azs=MOST_ZONES - len(zones),
        subnet_configuration=subnets,
        nat_gateways=1 if egress == "nat" else 0,
        # True would need a custom resource, for a security group that nothing here uses.
        restrict_default_security_group=False,
    )
    vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
    vpc.add_gateway_endpoint("DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
    vpc.add_flow_log(
        "Refused",
        destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group(scope, "RefusedLog", log_days)),
        # Accepted requests are in the access log and the service's log; flow logs cost by the byte.
        traffic_type=ec2.FlowLogTrafficType.REJECT,
    )
    return vpc


def first_subnets(vpc: ec2.IVpc, group: ec2.SubnetSelection) -> ec2.SubnetSelection:
    """Return a group's subnets in the first two zones, the ones that other stacks may refer to.

    A third zone can then be added and removed: CloudFormation refuses to delete an export in use.
    """
    found = vpc.select_subnets(subnet_group_name=group.subnet_group_name).subnets
    return ec2.SubnetSelection(subnets=found[:LINK_ZONES])


def task_subnets(egress: Literal["public", "nat"]) -> ec2.SubnetSelection:
    """Return the subnets of the tasks: those with public addresses, or those behind the NAT gateway."""
    return ec2.SubnetSelection(subnet_group_name="Public" if egress == "public" else "Tasks")


def outward_ports(settings: Environment) -> list[int]:
    """Return the ports that tasks connect to: HTTPS, and those in the URLs of the settings."""
    posthog = settings.posthog.capture_url if settings.posthog is not None else None
    urls = (settings.supabase.url, settings.supabase.issuer, settings.llm.base_url, posthog)
    return sorted({HTTPS, *(urlsplit(url).port or HTTPS for url in urls if url is not None)})


def hosted_zone(scope: Construct, domain: Domain) -> route53.IHostedZone:
    """Return the domain's hosted zone by id and name from the settings, without a look-up in the account."""
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.hosted_zone_name
    )


def certificate(scope: Construct, domain: Domain, zone: route53.IHostedZone) -> acm.Certificate:
    """Declare the domain's certificate, validated by a DNS record in its hosted zone."""
    return acm.Certificate(
        scope, "Certificate", domain_name=domain.name, validation=acm.CertificateValidation.from_dns(zone)
    )


def _subnets(name: str, kind: ec2.SubnetType, mask: int) -> ec2.SubnetConfiguration:
    # The ECS service requests public addresses for its tasks; nothing else in these subnets gets one.
    public = {"map_public_ip_on_launch": False} if kind == ec2.SubnetType.PUBLIC else {}
    return ec2.SubnetConfiguration(name=name, subnet_type=kind, cidr_mask=mask, **public)
