"""The order of a deployment: what a stack or resource needs exists before it."""

import json
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

from settings.naming import stack_name
from tests.stacks.assemblies import Assembly

HASH = re.compile(r"\b[0-9a-f]{64}\b")


def artifacts(assembly: Assembly) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((assembly.folder / "manifest.json").read_text())[
        "artifacts"
    ]
    return found


def before(assembly: Assembly, stack: str) -> set[str]:
    """Return all that the CDK's command line deploys or uploads before a stack."""
    waits = artifacts(assembly)[stack].get("dependencies", [])
    return set(waits).union(*(before(assembly, one) for one in waits))


def names(assembly: Assembly) -> dict[str, str]:
    """Return each stack's CloudFormation name by its short name."""
    return {stack: stack_name(assembly.settings.name, stack) for stack in assembly.stacks}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)


def references(value: Any, function: str) -> Iterator[Any]:
    """Yield the arguments of an intrinsic function inside `value`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == function:
                yield inner
            yield from references(inner, function)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner, function)


def needs(resource: dict[str, Any], known: set[str]) -> set[str]:
    """Return the resources of the same stack that a resource depends on."""
    waits = resource.get("DependsOn", [])
    found = {waits} if isinstance(waits, str) else set(waits)
    found |= set(references(resource, "Ref"))
    found |= {one[0] for one in references(resource, "Fn::GetAtt")}
    for text in references(resource, "Fn::Sub"):
        found |= set(re.findall(r"\$\{(\w+)", text if isinstance(text, str) else text[0]))
    return found & known


def test_assets_precede_their_stack(assembly: Assembly) -> None:
    settings = assembly.settings
    # `ops` uploads what the settings name before the deployment; a log's key is no asset.
    given = (settings.image_digest, settings.model.artifact, settings.log_user_key)
    elsewhere = set(HASH.findall(" ".join(map(str, given))))
    for stack, name in names(assembly).items():
        manifest = json.loads((assembly.folder / f"{name}.assets.json").read_text())
        uploaded = manifest["files"].keys() | manifest["dockerImages"].keys()
        named = {found for text in strings(assembly.template(stack)) for found in HASH.findall(text)}
        assert named - elsewhere <= uploaded, stack
        assert f"{name}.assets" in before(assembly, name)


def test_stacks_follow_their_references(assembly: Assembly) -> None:
    owners = {name: stack for stack, name in names(assembly).items()}
    for stack, name in names(assembly).items():
        for reference in references(assembly.template(stack), "Fn::ImportValue"):
            producer = reference.partition(":")[0]
            assert producer in before(assembly, name)
            exports = {
                output["Export"]["Name"]
                for output in assembly.template(owners[producer])["Outputs"].values()
                if "Export" in output
            }
            assert reference in exports


def test_storage_is_deployed_first(aws: Assembly) -> None:
    stack = names(aws)
    assert before(aws, stack["storage"]) == {f"{stack['storage']}.assets"}
    assert before(aws, stack["gateway"]) >= {stack["analyze"], stack["storage"]}


def test_resources_have_no_cycle(assembly: Assembly) -> None:
    for stack in assembly.stacks:
        resources = assembly.template(stack)["Resources"]
        graph = {name: needs(one, set(resources)) for name, one in resources.items()}
        assert set(TopologicalSorter(graph).static_order()) == set(resources)


def test_secrets_are_only_named(assembly: Assembly) -> None:
    settings = assembly.settings
    for stack in assembly.stacks:
        template = assembly.template(stack)
        assert not assembly.resources(stack, "SecretsManager::Secret")
        named = {
            text.rpartition(":secret:")[2].removesuffix("-??????")
            for text in strings(template)
            if ":secret:" in text
        }
        assert named <= set(settings.secret_names())
        assert "{{resolve:" not in json.dumps(template)


def test_service_knows_the_endpoint_name(aws: Assembly) -> None:
    stack = names(aws)
    assert stack["model"] not in before(aws, stack["gateway"])
    variables = aws.only("analyze", "ECS::TaskDefinition")["ContainerDefinitions"][0]["Environment"]
    assert {"Name": "MODEL_ENDPOINT", "Value": aws.settings.model.endpoint_name} in variables
