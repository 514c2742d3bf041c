"""The way of a request through the VPC, and what is not let through: no emulator shows either."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from settings.environment import Environment, load_environment
from stacks.constructs.network import outward_ports
from tests.stacks.conftest import Assembly, with_everything


def imported(value: Any) -> Any:
    """Return what a reference of another stack to the analyze stack names there."""
    return value["Fn::ImportValue"].partition(":ExportsOutput")[2]


def exported(assembly: Assembly, name: str) -> Any:
    """Return what the analyze stack exports under a name of `imported`."""
    return assembly.template("analyze")["Outputs"][f"ExportsOutput{name}"]["Value"]


def network(assembly: Assembly) -> dict[str, Any]:
    found = assembly.only("analyze", "ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    return dict(found)


def subnets(assembly: Assembly) -> dict[str, dict[str, Any]]:
    found = assembly.resources("analyze", "EC2::Subnet")
    return {name: subnet["Properties"] for name, subnet in found.items()}


def addresses(assembly: Assembly) -> dict[tuple[str, str], str]:
    """Return each subnet's addresses by its kind, as in "Public", and its zone."""
    return {
        (tag["Value"], subnet["AvailabilityZone"]): subnet["CidrBlock"]
        for subnet in subnets(assembly).values()
        for tag in subnet["Tags"]
        if tag["Key"] == "aws-cdk:subnet-name"
    }


def route_targets(assembly: Assembly, subnet: str) -> list[str]:
    """Return what the subnet's routes lead to, as in "GatewayId"."""
    associations = assembly.resources("analyze", "EC2::SubnetRouteTableAssociation").values()
    (table,) = (
        one["Properties"]["RouteTableId"]
        for one in associations
        if one["Properties"]["SubnetId"] == {"Ref": subnet}
    )
    routes = assembly.resources("analyze", "EC2::Route").values()
    return [
        key
        for route in routes
        if route["Properties"]["RouteTableId"] == table
        for key in route["Properties"]
        if key in ("GatewayId", "NatGatewayId")
    ]


def test_the_gateway_reaches_the_listener_by_its_link(aws: Assembly) -> None:
    integration = aws.only("gateway", "ApiGatewayV2::Integration")
    (link,) = aws.resources("gateway", "ApiGatewayV2::VpcLink")
    assert (integration["ConnectionType"], integration["ConnectionId"]) == ("VPC_LINK", {"Ref": link})
    (listener,) = aws.resources("analyze", "ElasticLoadBalancingV2::Listener")
    assert exported(aws, imported(integration["IntegrationUri"])) == {"Ref": listener}


def test_link_and_load_balancer_stand_in_the_same_subnets_one_in_each_zone_of_the_settings(
    aws: Assembly,
) -> None:
    link = aws.only("gateway", "ApiGatewayV2::VpcLink")["SubnetIds"]
    balancer = aws.only("analyze", "ElasticLoadBalancingV2::LoadBalancer")["Subnets"]
    assert [exported(aws, imported(subnet)) for subnet in link] == balancer
    zones = [subnets(aws)[subnet["Ref"]]["AvailabilityZone"] for subnet in balancer]
    assert zones == list(aws.settings.zones)


def test_nothing_leads_out_of_the_load_balancers_subnets(aws: Assembly) -> None:
    balancer = aws.only("analyze", "ElasticLoadBalancingV2::LoadBalancer")
    assert balancer["Scheme"] == "internal"
    for subnet in balancer["Subnets"]:
        assert route_targets(aws, subnet["Ref"]) == []


def test_tasks_have_public_addresses_and_no_nat_gateway_where_egress_is_public(prod: Assembly) -> None:
    assert network(prod)["AssignPublicIp"] == "ENABLED"
    for subnet in network(prod)["Subnets"]:
        assert route_targets(prod, subnet["Ref"]) == ["GatewayId"]
    assert not prod.resources("analyze", "EC2::NatGateway")
    assert not prod.resources("analyze", "EC2::EIP")


def test_tasks_have_no_public_addresses_behind_the_one_nat_gateway(shop: Assembly) -> None:
    assert network(shop)["AssignPublicIp"] == "DISABLED"
    assert len(network(shop)["Subnets"]) == len(shop.settings.zones)
    for subnet in network(shop)["Subnets"]:
        assert route_targets(shop, subnet["Ref"]) == ["NatGatewayId"]
    assert len(shop.resources("analyze", "EC2::NatGateway")) == 1


def test_no_subnet_gives_public_addresses_by_itself(aws: Assembly) -> None:
    assert not [subnet for subnet in subnets(aws).values() if subnet["MapPublicIpOnLaunch"]]


def test_another_egress_and_another_zone_move_no_subnets_addresses(prod: Assembly, shop: Assembly) -> None:
    few, many = addresses(prod), addresses(shop)
    assert few.items() <= many.items()
    networks = [ip_network(block) for block in many.values()]
    assert not [(a, b) for a in networks for b in networks if a != b and a.overlaps(b)]


def test_another_egress_changes_nothing_that_the_gateway_refers_to(prod: Assembly, tmp_path: Path) -> None:
    other = Assembly(prod.settings.model_copy(update={"egress": "nat"}), tmp_path)
    assert other.template("gateway") == prod.template("gateway")
    assert other.template("analyze")["Outputs"] == prod.template("analyze")["Outputs"]


def test_tasks_reach_s3_and_dynamodb_without_the_internet(aws: Assembly) -> None:
    endpoints = [one["Properties"] for one in aws.resources("analyze", "EC2::VPCEndpoint").values()]
    services = [endpoint["ServiceName"]["Fn::Join"][1][-1] for endpoint in endpoints]
    assert sorted(services) == [".dynamodb", ".s3"]
    tables = {
        association["Properties"]["RouteTableId"]["Ref"]
        for association in aws.resources("analyze", "EC2::SubnetRouteTableAssociation").values()
        if association["Properties"]["SubnetId"] in network(aws)["Subnets"]
    }
    for endpoint in endpoints:
        assert endpoint["VpcEndpointType"] == "Gateway"
        assert tables <= {table["Ref"] for table in endpoint["RouteTableIds"]}


def test_what_is_refused_is_logged_and_nothing_else(aws: Assembly) -> None:
    log = aws.only("analyze", "EC2::FlowLog")
    assert (log["ResourceType"], log["TrafficType"]) == ("VPC", "REJECT")


def test_the_vpc_has_no_custom_resource_and_looks_nothing_up(aws: Assembly) -> None:
    kinds = {resource["Type"] for resource in aws.template("analyze")["Resources"].values()}
    assert not {kind for kind in kinds if "Lambda" in kind or kind.startswith("Custom::")}


@pytest.mark.parametrize(
    ("settings", "ports"),
    [
        (load_environment("prod"), [443]),
        (with_everything(), [443]),
        (load_environment("local"), [443, 8081, 54321]),
    ],
    ids=lambda value: value.name if isinstance(value, Environment) else "",
)
def test_tasks_may_call_out_on_the_ports_that_the_settings_name(
    settings: Environment, ports: list[int]
) -> None:
    assert outward_ports(settings) == ports
