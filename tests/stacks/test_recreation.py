"""A creation that fails can be repeated, and so can a deployment after a destruction."""

import json
from typing import Any

from tests.stacks.assemblies import Assembly
from tests.stacks.reading import before, named
from tests.stacks.variants import stack_of


def test_failed_creation_keeps_nothing(assembly: Assembly) -> None:
    for stack in assembly.stacks:
        for name, resource in assembly.template(stack)["Resources"].items():
            assert resource.get("DeletionPolicy", "Delete") in ("Delete", "RetainExceptOnCreate"), name


def test_stacks_are_created_unprotected(assembly: Assembly) -> None:
    # The CDK protects a stack before it creates it, and cannot delete one whose creation failed.
    artifacts = json.loads((assembly.folder / "manifest.json").read_text())["artifacts"].values()
    stacks = [one["properties"] for one in artifacts if one["type"] == "aws:cloudformation:stack"]
    assert not [one for one in stacks if one.get("terminationProtection")]


def protected(properties: dict[str, Any]) -> bool:
    """Return whether a resource refuses to be deleted."""
    return '"deletionprotectionenabled": true' in json.dumps(properties).lower()


def test_protected_table_is_created_last(prod: Assembly) -> None:
    resources = prod.template("storage")["Resources"]
    table = named(resources, "DynamoDB::GlobalTable")
    assert protected(resources[table])
    later = {name for name in resources if name != table and not before(resources, name, table)}
    assert [resources[name]["Properties"]["Value"] for name in later] == [{"Ref": table}]


def test_nothing_else_refuses_its_deletion(assembly: Assembly) -> None:
    found = [one["Type"] for _, one in assembly.every() if protected(one.get("Properties", {}))]
    expected = ["AWS::DynamoDB::GlobalTable"] if assembly.settings.keep_data else []
    assert found == expected


def test_kept_resources_have_no_name(assembly: Assembly) -> None:
    # A second creation would find the name taken.
    for stack in assembly.stacks:
        template = assembly.template(stack)
        for name, resource in stack_of(stack, template).resources.items():
            if template["Resources"][name].get("DeletionPolicy", "Delete") != "Delete":
                assert resource.name is None, name
