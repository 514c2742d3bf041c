"""Zones and names: where the VPC link can be, and whether the domain's zone is the one it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.findings import Finding, failure, well

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_route53 import Route53Client

    from settings.environment import Environment
    from settings.schema import Domain

# Regions with zones in which API Gateway makes no VPC link, and the ids of those in which it does. A zone's
# letter means another zone in another account; its id does not.
VPC_LINK_ZONES = {
    "ap-east-1": {"ape1-az2", "ape1-az3"},
    "ap-northeast-1": {"apne1-az1", "apne1-az2", "apne1-az4"},
    "ca-central-1": {"cac1-az1", "cac1-az2"},
    "eu-west-3": {"euw3-az1", "euw3-az3"},
    "us-east-1": {"use1-az1", "use1-az2", "use1-az4", "use1-az5", "use1-az6"},
    "us-west-1": {"usw1-az1", "usw1-az3"},
}


def zones(settings: Environment, ec2: EC2Client) -> Iterator[Finding]:
    """Whether the zones of the settings are there, and can hold the gateway's VPC link."""
    there = {
        zone["ZoneName"]: zone["ZoneId"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]
    }
    linked = VPC_LINK_ZONES.get(settings.region)
    choices = sorted(name for name, identifier in there.items() if linked is None or identifier in linked)
    hint = f"Set zones to two of {', '.join(choices)}."
    for zone in settings.zones:
        if zone not in there:
            yield failure("zones", f"{zone} is not a zone of this account.", hint)
        elif linked is not None and there[zone] not in linked:
            yield failure("zones", f"{zone} is {there[zone]}, where API Gateway makes no VPC link.", hint)
        else:
            yield well("zones", f"{zone} is {there[zone]}")


def domain_zone(domain: Domain, route53: Route53Client) -> Iterator[Finding]:
    """Whether the hosted zone is there, public, and of the name that the settings say."""
    subject = f"domain {domain.name}"
    hint = "Set domain.hosted_zone_id and domain.hosted_zone_name to those of a public hosted zone."
    try:
        found = route53.get_hosted_zone(Id=domain.hosted_zone_id)
    except route53.exceptions.NoSuchHostedZone:
        yield failure(subject, f"this account has no hosted zone {domain.hosted_zone_id}.", hint)
        return
    zone, name = found["HostedZone"], found["HostedZone"]["Name"].rstrip(".")
    if zone.get("Config", {}).get("PrivateZone"):
        yield failure(subject, f"the hosted zone {domain.hosted_zone_id} is private.", hint)
    elif name != domain.hosted_zone_name:
        text = f"the hosted zone {domain.hosted_zone_id} is {name}, not {domain.hosted_zone_name}."
        yield failure(subject, text, hint)
    else:
        servers = ", ".join(found.get("DelegationSet", {}).get("NameServers", []))
        yield well(subject, f"hosted zone {name}; the registrar must name its servers: {servers}")
