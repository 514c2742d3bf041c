"""Exports that are still imported, by what CloudFormation refuses and the order in which the CDK deploys."""

from typing import Any

import pytest

from ops.diff.exports import judge_exports, judge_imports, judge_moved_exports, links
from ops.diff.ordering import Order, stack_order
from ops.diff.templates import ResourceChange, StackChange

Templates = dict[str, dict[str, Any]]
QUEUE = {"Fn::GetAtt": ["Queue", "Arn"]}


def exporting(*names: str, value: Any = QUEUE) -> dict[str, Any]:
    return {"Outputs": {name: {"Value": value, "Export": {"Name": name}} for name in names}}


def importing(*names: str) -> dict[str, Any]:
    return {"Resources": {name: {"Value": {"Fn::ImportValue": name}} for name in names}}


def refused(
    old: Templates,
    new: Templates,
    changes: dict[str, StackChange] | None = None,
    named: dict[str, frozenset[str]] | None = None,
) -> list[str]:
    before, after = ({stack: links(one) for stack, one in side.items()} for side in (old, new))
    order = stack_order(after, named or {})
    found = [*judge_exports(before, after, changes or {}, order), *judge_imports(before, after, order)]
    return [one.happens for one in found]


def test_gone_export_is_refused() -> None:
    old = {"a": exporting("jobs", "other"), "b": importing("jobs")}
    words = ["is gone: CloudFormation refuses, as b still imports it"]
    # The deployed stack has its import until its own turn, also where its new template has none, or is gone.
    assert refused(old, {**old, "a": exporting("other")}) == words
    assert refused(old, {"a": exporting("other"), "b": importing("other")}) == words
    assert refused(old, {"a": exporting("other")}) == words
    assert refused(old, {**old, "a": exporting("jobs")}) == []  # nobody imports the other one


@pytest.mark.parametrize(
    ("new", "named", "words"),
    [
        # Export names are unique in a region: the former stack must have given the name up.
        ({"a": exporting("jobs"), "b": {}}, {"b": "a"}, ["b may still have one of that name"]),
        ({"a": exporting("jobs"), "b": {}}, {"a": "b"}, []),
        ({"a": exporting("jobs"), "b": exporting("jobs")}, {"a": "b"}, ["b has one of that name"]),
        # No deployment deletes a stack that is declared no more.
        ({"a": exporting("jobs")}, {}, ["b has one of that name"]),
    ],
)
def test_export_of_a_taken_name_is_refused(new: Templates, named: dict[str, str], words: list[str]) -> None:
    before, after = (
        {stack: links(one) for stack, one in side.items()}
        for side in ({"a": {}, "b": exporting("jobs")}, new)
    )
    order = stack_order(after, {stack: frozenset((one,)) for stack, one in named.items()})
    assert [one.happens for one in judge_moved_exports(before, after, order)] == [
        f"CloudFormation refuses the export, as {one}" for one in words
    ]


def test_importer_that_goes_first_refuses_nothing() -> None:
    # What has imported is now what the exporting stack imports from, by a third one.
    old = {"a": exporting("jobs"), "b": importing("jobs"), "c": {}}
    new = {"a": importing("images"), "b": exporting("photos"), "c": importing("photos") | exporting("images")}
    assert refused(old, new) == []


def test_named_order_counts_too() -> None:
    old = {"a": exporting("jobs"), "b": importing("jobs")}
    new: Templates = {"a": {}, "b": {}}
    assert refused(old, new, named={"a": frozenset(("b",))}) == []
    assert len(refused(old, new, named={"b": frozenset(("a",))})) == 1


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ({"a": exporting("photos"), "b": importing("photos")}, []),
        ({"a": {}, "b": importing("photos")}, ["no stack of the environment exports it"]),
        # Each would have to be there before the other.
        (
            {"a": exporting("photos") | importing("jobs"), "b": importing("photos") | exporting("jobs")},
            [
                "b, which newly exports it, may be deployed later",
                "a, which newly exports it, may be deployed later",
            ],
        ),
    ],
)
def test_import_that_is_not_there_is_refused(new: Templates, words: list[str]) -> None:
    assert refused({"a": {}, "b": {}}, new) == [
        f"CloudFormation refuses the import, as {one}" for one in words
    ]


def test_deployed_import_is_left_alone() -> None:
    # What another app exports was there before.
    stacks = {"b": importing("of another app")}
    assert refused(stacks, stacks) == []


def test_order_goes_on_through_others() -> None:
    order = Order({"c": frozenset("b"), "b": frozenset("a")})
    assert order.is_before("a", "c")
    assert not order.is_before("c", "a")


def test_changed_value_is_refused() -> None:
    old = {"a": exporting("jobs"), "b": importing("jobs")}
    words = ["changes: CloudFormation refuses, as b still imports it"]
    assert refused(old, {**old, "a": exporting("jobs", value={"Ref": "Queue"})}) == words
    queue = ResourceChange("Queue", "AWS::SQS::Queue", "WILL_REPLACE", ("QueueName",), {}, {})
    assert refused(old, old, {"a": StackChange((queue,))}) == words
    assert refused(old, old) == []


def test_new_stream_changes_its_export() -> None:
    # DynamoDB makes another stream, with another ARN, of the same table.
    value = {"Fn::GetAtt": ["Reports", "StreamArn"]}
    old = {"a": exporting("stream", value=value), "b": importing("stream")}
    before, after = (
        {"Type": "AWS::DynamoDB::Table", "Properties": {"StreamSpecification": {"StreamViewType": one}}}
        for one in ("KEYS_ONLY", "NEW_IMAGE")
    )
    table = ResourceChange("Reports", "AWS::DynamoDB::Table", "WILL_UPDATE", (), before, after)
    words = ["changes: CloudFormation refuses, as b still imports it"]
    assert refused(old, old, {"a": StackChange((table,))}) == words
