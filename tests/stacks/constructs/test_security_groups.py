"""The security group rules of a request's hops, which no emulator shows."""

from typing import Any

from tests.stacks.assemblies import Assembly
from tests.stacks.constructs.test_network import exported, imported, network

Rule = tuple[str, str, int, int, str]


def group(assembly: Assembly, stack: str, value: Any) -> str:
    """Return the logical id of the security group that a property refers to."""
    if "Fn::ImportValue" in value:
        value = exported(assembly, imported(value))
    found: str = value["Fn::GetAtt"][0]
    return found


def rules(assembly: Assembly, way: str) -> set[Rule]:
    """Return the rules of a direction: group, protocol, ports, and the peer's group or addresses."""
    other = {"Ingress": "SourceSecurityGroupId", "Egress": "DestinationSecurityGroupId"}[way]
    found = set()
    for stack in ("analyze", "gateway"):
        for name, resource in assembly.resources(stack, "EC2::SecurityGroup").items():
            for rule in resource["Properties"].get(f"SecurityGroup{way}", []):
                ports = rule["FromPort"], rule["ToPort"]
                found.add((name, rule["IpProtocol"], *ports, rule["CidrIp"]))
        for resource in assembly.resources(stack, f"EC2::SecurityGroup{way}").values():
            rule = resource["Properties"]
            sides = group(assembly, stack, rule["GroupId"]), group(assembly, stack, rule[other])
            found.add((sides[0], rule["IpProtocol"], rule["FromPort"], rule["ToPort"], sides[1]))
    return found


def groups(assembly: Assembly) -> tuple[str, str, str]:
    """Return the security groups of link, load balancer and tasks."""
    (link,) = assembly.only("gateway", "ApiGatewayV2::VpcLink")["SecurityGroupIds"]
    (balancer,) = assembly.only("analyze", "ElasticLoadBalancingV2::LoadBalancer")["SecurityGroups"]
    (task,) = network(assembly)["SecurityGroups"]
    return (
        group(assembly, "gateway", link),
        group(assembly, "analyze", balancer),
        group(assembly, "analyze", task),
    )


def listens(assembly: Assembly) -> int:
    port: int = assembly.only("analyze", "ElasticLoadBalancingV2::Listener")["Port"]
    return port


def test_ingress_is_from_previous_hop(aws: Assembly) -> None:
    link, balancer, task = groups(aws)
    assert rules(aws, "Ingress") == {
        (balancer, "tcp", listens(aws), listens(aws), link),
        (task, "tcp", 8080, 8080, balancer),
    }


def test_egress_is_to_next_hop(aws: Assembly) -> None:
    link, balancer, task = groups(aws)
    assert rules(aws, "Egress") == {
        (link, "tcp", listens(aws), listens(aws), balancer),
        (balancer, "tcp", 8080, 8080, task),
        (task, "tcp", 443, 443, "0.0.0.0/0"),
    }


def test_link_rules_are_in_gateway_stack(aws: Assembly) -> None:
    link, _, _ = groups(aws)
    assert link in aws.resources("gateway", "EC2::SecurityGroup")
    assert len(aws.resources("gateway", "EC2::SecurityGroupIngress")) == 1
    assert len(aws.resources("gateway", "EC2::SecurityGroupEgress")) == 1
