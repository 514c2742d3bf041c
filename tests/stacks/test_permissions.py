"""Least privilege in every environment."""

from collections.abc import Iterator
from typing import Any

from tests.stacks.assemblies import Assembly
from tests.stacks.reading import text

# The allowed wildcards, with their reasons.
REASONS = {
    (
        "AWS::IAM::Policy",
        "resource",
    ): "ecr:GetAuthorizationToken and Studio's list actions support no resource-level permissions",
    (
        "AWS::IAM::Policy",
        "action",
    ): "the CDK grants groups of S3 actions to its function that copies the page",
    ("AWS::KMS::Key", "action"): "the account's administrators manage the key",
    ("AWS::KMS::Key", "resource"): "in a key policy, * is that key",
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


def test_wildcards_have_a_reason(assembly: Assembly) -> None:
    assert wildcards(assembly) <= set(REASONS)


def test_wildcard_reasons_are_needed(prod: Assembly) -> None:
    assert wildcards(prod) == set(REASONS)


def test_unscoped_actions_are_known(prod: Assembly) -> None:
    actions = {
        action
        for _, resource in prod.every()
        if resource["Type"] == "AWS::IAM::Policy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        if "*" in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert actions == {"ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"}


def test_no_role_has_managed_policies(assembly: Assembly) -> None:
    for _, resource in assembly.every():
        if resource["Type"] == "AWS::IAM::Role":
            assert "ManagedPolicyArns" not in resource["Properties"]


def test_no_principal_is_a_wildcard(assembly: Assembly) -> None:
    for _, resource in assembly.every():
        for document in documents(resource.get("Properties", {})):
            for statement in document["Statement"]:
                if statement["Effect"] == "Allow":
                    assert statement.get("Principal") not in ("*", {"AWS": "*"})


def test_github_passes_the_releases_role(shop: Assembly) -> None:
    outputs = shop.template("model")["Outputs"]
    release = outputs["CanaryRoleArn"]["Value"]
    exports = {one["Export"]["Name"]: one["Value"] for one in outputs.values() if "Export" in one}
    passed = [
        resource
        for policy in shop.resources("delivery", "IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "iam:PassRole" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    assert [exports[text(resource)] for resource in passed] == [release]
