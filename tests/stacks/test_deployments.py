"""What the simulated CloudFormation of `deployments` refuses, by small templates."""

from typing import Any

import pytest

from tests.stacks.deployments import refusals
from tests.stacks.variants import Stack, stack_of

SUBNET = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24"}}
USES_SUBNET = {
    "Type": "AWS::SSM::Parameter",
    "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "network:Subnet"}},
}


def network(subnet: dict[str, Any] | None = None, *, value: Any = None, exported: bool = True) -> Stack:
    export = {"Value": value or {"Ref": "Subnet"}, "Export": {"Name": "network:Subnet"}}
    outputs = {"Out": export} if exported else {}
    return stack_of("network", {"Resources": {"Subnet": subnet or SUBNET}, "Outputs": outputs})


def service(**resources: Any) -> Stack:
    return stack_of("service", {"Resources": resources or {"Parameter": USES_SUBNET}})


def log(name: str, kind: str = "AWS::Logs::LogGroup") -> dict[str, Any]:
    return {"Type": kind, "Properties": {"LogGroupName": name}}


def empty(name: str) -> Stack:
    return stack_of(name, {"Parameters": {}})


def publisher(name: str = "/vitrine/prod/subnet") -> Stack:
    properties = {"Type": "String", "Name": name, "Value": "subnet-1"}
    return stack_of(
        "network", {"Resources": {"Subnet": {"Type": "AWS::SSM::Parameter", "Properties": properties}}}
    )


def reader() -> Stack:
    parameter = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/vitrine/prod/subnet"}
    return stack_of("service", {"Parameters": {"Subnet": parameter}, "Resources": {"Log": log("/service")}})


UNUSED = service(Log=log("/service"))
MOVED = SUBNET | {"Properties": {"VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [network(), service()]),
        ([network(), service()], [network(), service()]),
        ([network(exported=False), UNUSED], [network(), service()]),
        ([network(), service()], [network(), UNUSED]),
        ([network(), UNUSED], [network(exported=False), UNUSED]),
        ([network(), service()], [network(), empty("service")]),
        ([network(), service()], [empty("service"), network(exported=False)]),
        ([network(), UNUSED], [network(MOVED), UNUSED]),
        ([UNUSED], [service(Log=log("/other"))]),
        ([], [publisher(), reader()]),
        ([publisher(), reader()], [publisher("/vitrine/prod/other"), UNUSED]),
    ],
)
def test_possible_change_is_accepted(before: list[Stack], after: list[Stack]) -> None:
    assert refusals(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ([], [service()], "service: imports network:Subnet, which no stack exports"),
        ([], [reader(), publisher()], "service: reads /vitrine/prod/subnet, which no stack publishes"),
        ([publisher()], [publisher("/vitrine/prod/other"), reader()], "reads /vitrine/prod/subnet"),
        ([network(), service()], [network(exported=False), UNUSED], "takes the export network:Subnet away"),
        ([network(), service()], [network(value="subnet-2"), UNUSED], "takes the export network:Subnet away"),
        ([network(), service()], [network(MOVED), UNUSED], "changes the export network:Subnet"),
        ([network(), service()], [empty("network"), UNUSED], "takes the export network:Subnet away"),
        ([UNUSED], [service(Renamed=log("/service"))], "makes a second AWS::Logs::LogGroup of the name /se"),
        ([UNUSED], [stack_of("second", {"Resources": {"Log": log("/service")}})], "makes a second AWS::Logs"),
    ],
)
def test_impossible_change_is_refused(before: list[Stack], after: list[Stack], reason: str) -> None:
    (refused,) = refusals(before, after)
    assert reason in refused


def test_replacement_spreads_by_reference() -> None:
    table = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}}

    def vpc(block: str) -> Stack:
        made = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": block}}
        export = {"Value": {"Ref": "Subnet"}, "Export": {"Name": "network:Subnet"}}
        return stack_of("network", {"Resources": {"Vpc": made, "Subnet": table}, "Outputs": {"Out": export}})

    (refused,) = refusals([vpc("10.0.0.0/16"), service()], [vpc("10.1.0.0/16"), service()])
    assert refused.endswith("by a replacement")
