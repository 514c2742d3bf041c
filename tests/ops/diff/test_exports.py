"""Exports that are still imported, by what CloudFormation refuses and the order in which the CDK deploys."""

from typing import Any

from ops.diff.exports import judge_exports
from ops.diff.templates import ResourceChange, StackChange

Templates = dict[str, dict[str, Any]]
QUEUE = {"Fn::GetAtt": ["Queue", "Arn"]}


def exporting(*names: str, value: Any = QUEUE) -> dict[str, Any]:
    return {"Outputs": {name: {"Value": value, "Export": {"Name": name}} for name in names}}


def importing(*names: str) -> dict[str, Any]:
    return {"Resources": {name: {"Value": {"Fn::ImportValue": name}} for name in names}}


def refused(old: Templates, new: Templates, changes: dict[str, StackChange] | None = None) -> list[str]:
    return [one.happens for one in judge_exports(old, new, changes or {})]


def test_gone_export_is_refused() -> None:
    old = {"a": exporting("jobs", "other"), "b": importing("jobs")}
    words = ["is gone: CloudFormation refuses, as b still imports it"]
    # The deployed stack has its import until its own turn, also where its new template has none, or is gone.
    assert refused(old, {**old, "a": exporting("other")}) == words
    assert refused(old, {"a": exporting("other"), "b": importing("other")}) == words
    assert refused(old, {"a": exporting("other")}) == words
    assert refused(old, {**old, "a": exporting("jobs")}) == []  # nobody imports the other one


def test_importer_that_goes_first_refuses_nothing() -> None:
    # What has imported is now what the exporting stack imports from, by a third one.
    old = {"a": exporting("jobs"), "b": importing("jobs"), "c": {}}
    new = {"a": importing("images"), "b": exporting("photos"), "c": importing("photos") | exporting("images")}
    assert refused(old, new) == []


def test_changed_value_is_refused() -> None:
    old = {"a": exporting("jobs"), "b": importing("jobs")}
    words = ["changes: CloudFormation refuses, as b still imports it"]
    assert refused(old, {**old, "a": exporting("jobs", value={"Ref": "Queue"})}) == words
    queue = ResourceChange("Queue", "AWS::SQS::Queue", "WILL_REPLACE", ("QueueName",), {}, {})
    assert refused(old, old, {"a": StackChange((queue,))}) == words
    assert refused(old, old) == []
