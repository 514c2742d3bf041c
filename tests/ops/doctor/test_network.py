"""Zones that can hold the VPC link, and the domain's hosted zone."""

from typing import Any

import pytest

from ops.doctor import references
from settings.schema import Domain
from tests.ops.conftest import Stubbed, levels, make_settings

# As an account may see them: its letters are its own.
THERE = [("ca-central-1a", "cac1-az4"), ("ca-central-1b", "cac1-az1"), ("ca-central-1d", "cac1-az2")]
DOMAIN = Domain(name="api.shop.example", hosted_zone_id="Z123", hosted_zone_name="shop.example")


@pytest.mark.parametrize(
    ("zones", "found"),
    [
        (["ca-central-1b", "ca-central-1d"], ["ok", "ok"]),
        (["ca-central-1a", "ca-central-1b"], ["failure", "ok"]),  # no VPC link in cac1-az4
        (["ca-central-1b", "ca-central-1c"], ["ok", "failure"]),  # no such zone
        (["ca-central-1b", "ca-central-1d", "ca-central-1a"], ["ok", "ok", "ok"]),
    ],
)
def test_zones_must_have_vpc_links(stubbed: Stubbed, zones: list[str], found: list[str]) -> None:
    ec2, stub = stubbed("ec2")
    answer = [{"ZoneName": name, "ZoneId": identifier} for name, identifier in THERE]
    stub.add_response("describe_availability_zones", {"AvailabilityZones": answer}, {})
    findings = list(references.zones(make_settings(zones=zones), ec2))
    assert levels(findings) == found
    assert all("ca-central-1b, ca-central-1d" in finding.hint for finding in findings if finding.hint)


def test_unlimited_region_takes_any_zone(stubbed: Stubbed) -> None:
    ec2, stub = stubbed("ec2")
    names = ["eu-west-1a", "eu-west-1b"]
    answer = [{"ZoneName": name, "ZoneId": f"euw1-az{number}"} for number, name in enumerate(names, 1)]
    stub.add_response("describe_availability_zones", {"AvailabilityZones": answer}, {})
    assert levels(references.zones(make_settings(region="eu-west-1", zones=names), ec2)) == ["ok", "ok"]


def hosted_zone(name: str = "shop.example.", *, private: bool = False) -> dict[str, Any]:
    return {
        "HostedZone": {
            "Id": "/hostedzone/Z123",
            "Name": name,
            "CallerReference": "x",
            "Config": {"PrivateZone": private},
        },
        "DelegationSet": {"NameServers": ["ns-1.example", "ns-2.example"]},
    }


@pytest.mark.parametrize(
    ("answer", "level", "expected"),
    [
        (hosted_zone(), "ok", "ns-1.example, ns-2.example"),
        (hosted_zone("other.example."), "failure", "is other.example, not shop.example"),
        (hosted_zone(private=True), "failure", "is private"),
    ],
)
def test_hosted_zone_is_public_and_named(
    stubbed: Stubbed, answer: dict[str, Any], level: str, expected: str
) -> None:
    route53, stub = stubbed("route53")
    stub.add_response("get_hosted_zone", answer, {"Id": "Z123"})
    (finding,) = references.domain_zone(DOMAIN, route53)
    assert finding.level == level
    assert expected in finding.text


def test_missing_hosted_zone_fails(stubbed: Stubbed) -> None:
    route53, stub = stubbed("route53")
    stub.add_client_error("get_hosted_zone", "NoSuchHostedZone")
    (finding,) = references.domain_zone(DOMAIN, route53)
    assert (finding.level, "hosted_zone_id" in finding.hint) == ("failure", True)
