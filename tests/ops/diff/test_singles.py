"""A second resource where there may be one, by the order in which CloudFormation creates and deletes."""

import json
from pathlib import Path
from typing import Any

import pytest

from ops.diff.ordering import Order
from ops.diff.rules import rule_book
from ops.diff.singles import judge_singles
from ops.diff.templates import ResourceChange, StackChange

NAMED: dict[str, Any] = {"Name": "/shop/region", "Type": "String", "Value": "x"}
MAPPING: dict[str, Any] = {
    "FunctionName": {"Ref": "Function"},
    "EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]},
}
# Of these there may be any number.
SEVERAL = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::VpcLink",
    "AWS::CDK::Metadata",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::RouteTable",
    "AWS::EC2::VPC",
    "AWS::ECS::TaskDefinition",
    "AWS::KMS::Key",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "Custom::CDKBucketDeployment",
}


def came(kind: str, properties: dict[str, Any], name: str = "New") -> ResourceChange:
    declared = {"Type": kind, "Properties": properties}
    return ResourceChange(name, kind, "WILL_CREATE", (), None, declared)


def went(kind: str, properties: dict[str, Any], impact: Any = "WILL_DESTROY") -> ResourceChange:
    declared = {"Type": kind, "Properties": properties}
    return ResourceChange("Former", kind, impact, (), declared, None)


def anew(kind: str, properties: dict[str, Any], name: str = "Thing") -> ResourceChange:
    declared = {"Type": kind, "Properties": properties}
    return ResourceChange(name, kind, "WILL_REPLACE", (), declared, declared)


def found(*resources: ResourceChange) -> list[str]:
    change = {"stack": StackChange(resources)}
    return [one.happens for one in judge_singles(change, Order({}), ())]


def declared_by(kind: str, suffix: str) -> dict[str, Any]:
    """Return properties of a type that tell it from others by this text."""
    properties: dict[str, Any] = {}
    for path in rule_book().single[kind].by:
        *parts, last = path.removesuffix("?").removesuffix(".*").split(".")
        inside = properties
        for part in parts:
            inside = inside.setdefault(part, {})
        value = f"{last}-{suffix}"
        inside[last] = [value, "other"] if path.endswith("*") else value
    return properties


@pytest.mark.parametrize("kind", rule_book().single)
def test_renamed_resource_is_refused(kind: str) -> None:
    (told,) = found(went(kind, declared_by(kind, "a")), came(kind, declared_by(kind, "a")))
    assert "former one" in told
    different = declared_by(kind, "b")
    assert not found(went(kind, different | {"Tags": []}), came(kind, declared_by(kind, "a"))) or "*" in str(
        rule_book().single[kind].by
    )


def test_generated_name_is_free() -> None:
    assert found(went("AWS::SQS::Queue", {}), came("AWS::SQS::Queue", {})) == []
    assert found(anew("AWS::SQS::Queue", {"QueueName": {"Ref": "AWS::NoValue"}})) == []


def test_mapping_of_a_new_function_is_free() -> None:
    kind = "AWS::Lambda::EventSourceMapping"
    # The same text refers to another function where that is made anew.
    assert (
        found(went(kind, MAPPING), came(kind, MAPPING), anew("AWS::Lambda::Function", {}, "Function")) == []
    )
    assert len(found(went(kind, MAPPING), came(kind, MAPPING))) == 1
    assert len(found(anew(kind, MAPPING))) == 1


@pytest.mark.parametrize(
    ("depends", "impact", "gone", "words"),
    [
        # What is deployed first is deleted first, unless it is kept.
        ({"new": frozenset(("old",))}, "WILL_DESTROY", (), []),
        ({"new": frozenset(("old",))}, "WILL_ORPHAN", (), ["is taken: that of old stays"]),
        ({"old": frozenset(("new",))}, "WILL_DESTROY", (), ["is that of a resource of old"]),
        ({}, "WILL_DESTROY", (), ["is that of a resource of old"]),
        # No deployment deletes a stack that is declared no more.
        ({"new": frozenset(("old",))}, "WILL_DESTROY", ("old",), ["is taken: that of old stays"]),
    ],
)
def test_order_of_stacks_frees_a_name(depends: Any, impact: Any, gone: Any, words: list[str]) -> None:
    kind = "AWS::SSM::Parameter"
    changes = {
        "old": StackChange((went(kind, NAMED, impact),)),
        "new": StackChange((came(kind, NAMED),)),
    }
    told = [one.happens for one in judge_singles(changes, Order(depends), gone)]
    assert told == [f"CloudFormation refuses to create it: the name /shop/region {one}" for one in words]


def test_id_means_nothing_in_another_stack() -> None:
    kind = "AWS::Lambda::EventSourceMapping"
    changes = {"old": StackChange((went(kind, MAPPING),)), "new": StackChange((came(kind, MAPPING),))}
    assert not list(judge_singles(changes, Order({}), ()))


def test_every_type_is_decided(synthesized: Path) -> None:
    used = {
        resource["Type"]
        for file in synthesized.glob("*/*.template.json")
        for resource in json.loads(file.read_text("utf-8")).get("Resources", {}).values()
    }
    assert used - rule_book().single.keys() <= SEVERAL, "name it in [single] of the rules, or here"
