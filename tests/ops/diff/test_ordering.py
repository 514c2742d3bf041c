"""The order of stacks and resources, by what CloudFormation makes first."""

from typing import Any

import pytest

from ops.diff.exports import Links
from ops.diff.ordering import Order, judge_order, judge_stack_order
from ops.diff.templates import ResourceChange, StackChange

ROLE: dict[str, Any] = {"Type": "AWS::IAM::Role", "Properties": {}}


def resource(*depends: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": properties, "DependsOn": list(depends)}


def found(old: dict[str, Any], new: dict[str, Any], **others: Any) -> list[str]:
    change = ResourceChange("Function", "AWS::Lambda::Function", "WILL_UPDATE", (), old, new)
    template = {"Resources": {"Function": new, "Role": ROLE, **others}}
    return [one.happens for one in judge_order("stack", StackChange((change,)), template)]


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (resource(), ["waits for Role no more where an environment is made anew"]),
        (resource("Role", Timeout=9), []),
        # What waits for the role makes CloudFormation wait for both.
        (resource("Policy"), []),
        # Another reference is another need.
        (resource(Table={"Ref": "Table"}), []),
    ],
)
def test_lost_dependency_is_told(new: dict[str, Any], words: list[str]) -> None:
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "Role"}]}}
    assert found(resource("Role"), new, Policy=policy) == words


@pytest.mark.parametrize("role", [{"Fn::GetAtt": ["Role", "Arn"]}, {"Fn::Sub": "${Role}-${AWS::Region}"}])
def test_reference_is_a_dependency(role: Any) -> None:
    assert found(resource("Role", Role=role), resource(Role=role)) == []


def test_circle_of_resources_is_refused() -> None:
    mapping = {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": {"Ref": "Function"}}}
    (told,) = found(resource(), resource("Mapping"), Mapping=mapping)
    assert told.endswith("CloudFormation refuses the template")
    assert found(resource("Mapping"), resource("Gone")) == []


def test_stack_that_waits_no_more_is_told() -> None:
    named = {"hooks": frozenset(("gateway", "results", "storage"))}
    links = {one: Links({}, frozenset()) for one in ("gateway", "results")}
    links |= {"storage": Links({"table": ""}, frozenset()), "hooks": Links({}, frozenset(("table",)))}
    order = Order({"hooks": frozenset(("results",))})
    (told,) = judge_stack_order(links, named, order, list(links))
    assert (told.severity, told.subject) == ("note", "hooks")
    assert told.happens.startswith("may be deployed before gateway")
    # An unchanged stack is not deployed.
    assert not list(judge_stack_order(links, named, order, ["hooks", "results"]))
