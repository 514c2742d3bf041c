"""Routes, addresses and egress of the VPC, which no emulator shows."""

from ipaddress import ip_network
from typing import Any

import pytest

from settings.environment import Environment, load_environment
from stacks.constructs.network import outward_ports
from tests.stacks.assemblies import Assembly, assembled, changed, full_environment
from tests.stacks.reading import upstream


def imported(value: Any) -> Any:
    """Return the name that another stack imports from the analyze stack."""
    return value["Fn::ImportValue"].partition(":ExportsOutput")[2]


def exported(assembly: Assembly, name: str) -> Any:
    """Return the value that the analyze stack exports under a name of `imported`."""
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


def test_gateway_uses_the_vpc_link(aws: Assembly) -> None:
    integration = upstream(aws.resources("gateway", "ApiGatewayV2::Integration"))
    (link,) = aws.resources("gateway", "ApiGatewayV2::VpcLink")
    assert (integration["ConnectionType"], integration["ConnectionId"]) == ("VPC_LINK", {"Ref": link})
    (listener,) = aws.resources("analyze", "ElasticLoadBalancingV2::Listener")
    assert exported(aws, imported(integration["IntegrationUri"])) == {"Ref": listener}


def test_link_shares_load_balancer_subnets(
    aws: Assembly,
) -> None:
    link = aws.only("gateway", "ApiGatewayV2::VpcLink")["SubnetIds"]
    balancer = aws.only("analyze", "ElasticLoadBalancingV2::LoadBalancer")["Subnets"]
    # In two zones, so that a third can be taken away.
    assert [exported(aws, imported(subnet)) for subnet in link] == balancer[:2]
    zones = [subnets(aws)[subnet["Ref"]]["AvailabilityZone"] for subnet in balancer]
    assert zones == list(aws.settings.zones)


def test_inner_subnets_have_no_route(aws: Assembly) -> None:
    balancer = aws.only("analyze", "ElasticLoadBalancingV2::LoadBalancer")
    assert balancer["Scheme"] == "internal"
    for subnet in balancer["Subnets"]:
        assert route_targets(aws, subnet["Ref"]) == []


def test_public_egress_needs_no_nat(prod: Assembly) -> None:
    assert network(prod)["AssignPublicIp"] == "ENABLED"
    for subnet in network(prod)["Subnets"]:
        assert route_targets(prod, subnet["Ref"]) == ["GatewayId"]
    assert not prod.resources("analyze", "EC2::NatGateway")
    assert not prod.resources("analyze", "EC2::EIP")


def test_nat_tasks_have_no_addresses(shop: Assembly) -> None:
    assert network(shop)["AssignPublicIp"] == "DISABLED"
    assert len(network(shop)["Subnets"]) == len(shop.settings.zones)
    for subnet in network(shop)["Subnets"]:
        assert route_targets(shop, subnet["Ref"]) == ["NatGatewayId"]
    assert len(shop.resources("analyze", "EC2::NatGateway")) == 1


def test_subnets_assign_no_addresses(aws: Assembly) -> None:
    assert not [subnet for subnet in subnets(aws).values() if subnet["MapPublicIpOnLaunch"]]


def test_egress_and_zones_keep_blocks(prod: Assembly, shop: Assembly) -> None:
    few, many = addresses(prod), addresses(shop)
    assert few.items() <= many.items()
    networks = [ip_network(block) for block in many.values()]
    assert not [(a, b) for a in networks for b in networks if a != b and a.overlaps(b)]


@pytest.mark.system
def test_egress_change_keeps_the_gateway(prod: Assembly) -> None:
    other = assembled(changed("prod", egress="nat"))
    assert other.template("gateway") == prod.template("gateway")
    assert other.template("analyze")["Outputs"] == prod.template("analyze")["Outputs"]


def test_gateway_endpoints_serve_the_tasks(aws: Assembly) -> None:
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


def test_flow_log_records_rejected_traffic(aws: Assembly) -> None:
    log = aws.only("analyze", "EC2::FlowLog")
    assert (log["ResourceType"], log["TrafficType"]) == ("VPC", "REJECT")


def test_vpc_has_no_custom_resource(aws: Assembly) -> None:
    kinds = {resource["Type"] for resource in aws.template("analyze")["Resources"].values()}
    assert not {kind for kind in kinds if "Lambda" in kind or kind.startswith("Custom::")}


@pytest.mark.parametrize(
    ("settings", "ports"),
    [
        (load_environment("prod"), [443]),
        (full_environment(), [443]),
        (load_environment("local"), [443, 8081, 54321]),
    ],
    ids=lambda value: value.name if isinstance(value, Environment) else "",
)
def test_outward_ports_follow_the_settings(settings: Environment, ports: list[int]) -> None:
    assert outward_ports(settings) == ports
