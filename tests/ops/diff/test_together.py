"""What a change breaks of a resource that stays as it is, by the services' documentation."""

from typing import Any

import pytest

from ops.diff.templates import ResourceChange, StackChange
from ops.diff.together import judge_together

MAPPING = {
    "Type": "AWS::Lambda::EventSourceMapping",
    "Properties": {"EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]}, "FunctionName": {"Ref": "Function"}},
}


def template(visible: Any, allowed: Any) -> dict[str, Any]:
    queue = {} if visible is None else {"VisibilityTimeout": visible}
    function = {} if allowed is None else {"Timeout": allowed}
    return {
        "Resources": {
            "Jobs": {"Type": "AWS::SQS::Queue", "Properties": queue},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
            "Mapping": MAPPING,
        }
    }


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ((180, 120), (60, 120), True),
        ((180, 120), (180, 900), True),
        ((180, 120), (None, 120), True),  # a queue without a word: 30 s
        ((180, 120), (None, None), False),  # and a function: 3 s
        ((60, 120), (50, 120), False),  # it was so before
        ((180, 120), ("150", "140"), False),
    ],
)
def test_message_seen_twice_is_told(old: Any, new: Any, told: bool) -> None:
    before, after = ({"stack": template(*one)} for one in (old, new))
    found = list(judge_together(before, after, {"stack": StackChange()}, ()))
    assert [one.severity for one in found] == ["interruption"] * told


def scaled(least: int, *policies: ResourceChange) -> list[str]:
    target = {"MinCapacity": least, "ResourceId": "endpoint/blip2/variant/All"}
    resources = {"Scaling": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": target}}
    new = {"stack": {"Resources": resources}}
    return [one.severity for one in judge_together(new, new, {"stack": StackChange(policies)}, ())]


def policy(name: str, *, is_new: bool) -> ResourceChange:
    kind = "AWS::ApplicationAutoScaling::ScalingPolicy"
    declared = {"Type": kind, "Properties": {"ScalingTargetId": {"Ref": "Scaling"}}}
    sides = (None, declared) if is_new else (declared, None)
    return ResourceChange(name, kind, "WILL_UPDATE", (), *sides)


def test_target_that_nothing_starts_is_told() -> None:
    former = policy("Wake", is_new=False)
    assert scaled(0, former) == ["interruption"]
    assert scaled(1, former) == []
    assert scaled(0, former, policy("Follow", is_new=True)) == []
