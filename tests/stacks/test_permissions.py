"""Least privilege, over everything that any environment declares."""

from collections.abc import Iterator
from typing import Any

from tests.stacks.conftest import Assembly

# Where a wildcard stands, and why it may.
REASONS = {
    (
        "AWS::IAM::Policy",
        "resource",
    ): "ecr:GetAuthorizationToken is for the account's registry, and names none; so do Studio's lists",
    ("AWS::KMS::Key", "action"): "the account's administrators keep the key; without this nobody could",
    ("AWS::KMS::Key", "resource"): "in a key's own policy, * is that key",
}


def documents(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every policy document inside a resource's properties."""
    if isinstance(value, dict):
        if isinstance(value.get("Statement"), list):
            yield value
        for inner in value.values():
            yield from documents(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from documents(inner)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def wildcards(assembly: Assembly) -> set[tuple[str, str]]:
    found = set()
    for _, resource in assembly.every():
        for document in documents(resource.get("Properties", {})):
            for statement in document["Statement"]:
                if statement["Effect"] != "Allow":
                    continue
                if any("*" in action for action in listed(statement["Action"])):
                    found.add((resource["Type"], "action"))
                if "*" in listed(statement.get("Resource", [])):
                    found.add((resource["Type"], "resource"))
    return found


def test_no_permission_is_a_wildcard_without_a_reason(assembly: Assembly) -> None:
    assert wildcards(assembly) <= set(REASONS)


def test_every_reason_is_still_needed(prod: Assembly) -> None:
    assert wildcards(prod) == set(REASONS)


def test_the_rights_over_everything_are_those_that_know_no_resource(prod: Assembly) -> None:
    actions = {
        action
        for _, resource in prod.every()
        if resource["Type"] == "AWS::IAM::Policy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        if "*" in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert actions == {"ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"}


def test_no_role_has_a_managed_policy(assembly: Assembly) -> None:
    for _, resource in assembly.every():
        if resource["Type"] == "AWS::IAM::Role":
            assert "ManagedPolicyArns" not in resource["Properties"]


def test_nothing_is_granted_to_everybody(assembly: Assembly) -> None:
    for _, resource in assembly.every():
        for document in documents(resource.get("Properties", {})):
            for statement in document["Statement"]:
                if statement["Effect"] == "Allow":
                    assert statement.get("Principal") not in ("*", {"AWS": "*"})
