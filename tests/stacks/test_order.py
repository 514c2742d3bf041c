"""In which order a deployment goes: all that is needed is there before it is used."""

import json
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

from tests.stacks.conftest import Assembly

HASH = re.compile(r"\b[0-9a-f]{64}\b")


def artifacts(assembly: Assembly) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((assembly.folder / "manifest.json").read_text())[
        "artifacts"
    ]
    return found


def before(assembly: Assembly, stack: str) -> set[str]:
    """Return everything that is deployed or uploaded before a stack, as the CDK's command line has it."""
    waits = artifacts(assembly)[stack].get("dependencies", [])
    return set(waits).union(*(before(assembly, one) for one in waits))


def names(assembly: Assembly) -> dict[str, str]:
    """Return each stack's short name and its own, as in "gateway" and "vitrine-prod-gateway"."""
    return {stack: f"vitrine-{assembly.settings.name}-{stack}" for stack in assembly.stacks}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)


def references(value: Any, function: str) -> Iterator[Any]:
    """Yield the argument of every call of an intrinsic function inside `value`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == function:
                yield inner
            yield from references(inner, function)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner, function)


def needs(resource: dict[str, Any], known: set[str]) -> set[str]:
    """Return the resources of its own stack that must be there before a resource is made."""
    waits = resource.get("DependsOn", [])
    found = {waits} if isinstance(waits, str) else set(waits)
    found |= set(references(resource, "Ref"))
    found |= {one[0] for one in references(resource, "Fn::GetAtt")}
    for text in references(resource, "Fn::Sub"):
        found |= set(re.findall(r"\$\{(\w+)", text if isinstance(text, str) else text[0]))
    return found & known


def test_every_asset_is_uploaded_before_the_stack_that_names_it(assembly: Assembly) -> None:
    settings = assembly.settings
    # What the settings name was pushed or uploaded before; `ops` does it.
    elsewhere = set(HASH.findall(f"{settings.image_digest} {settings.model.artifact}"))
    for stack, name in names(assembly).items():
        manifest = json.loads((assembly.folder / f"{name}.assets.json").read_text())
        uploaded = manifest["files"].keys() | manifest["dockerImages"].keys()
        named = {found for text in strings(assembly.template(stack)) for found in HASH.findall(text)}
        assert named - elsewhere <= uploaded, stack
        assert f"{name}.assets" in before(assembly, name)


def test_a_stack_is_deployed_after_those_that_it_refers_to(assembly: Assembly) -> None:
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


def test_the_store_is_first_and_the_gateway_after_the_service(aws: Assembly) -> None:
    stack = names(aws)
    assert before(aws, stack["storage"]) == {f"{stack['storage']}.assets"}
    assert before(aws, stack["gateway"]) >= {stack["analyze"], stack["storage"]}


def test_nothing_inside_a_stack_waits_for_itself(assembly: Assembly) -> None:
    for stack in assembly.stacks:
        resources = assembly.template(stack)["Resources"]
        graph = {name: needs(one, set(resources)) for name, one in resources.items()}
        assert set(TopologicalSorter(graph).static_order()) == set(resources)


def test_secrets_are_named_never_made_and_never_told(assembly: Assembly) -> None:
    settings = assembly.settings
    for stack in assembly.stacks:
        template = assembly.template(stack)
        assert not assembly.resources(stack, "SecretsManager::Secret")
        told = {
            text.rpartition(":secret:")[2].removesuffix("-??????")
            for text in strings(template)
            if ":secret:" in text
        }
        assert told <= set(settings.secret_names())
        assert "{{resolve:" not in json.dumps(template)


def test_the_service_knows_the_endpoint_by_its_name_alone(aws: Assembly) -> None:
    stack = names(aws)
    assert stack["model"] not in before(aws, stack["gateway"])
    variables = aws.only("analyze", "ECS::TaskDefinition")["ContainerDefinitions"][0]["Environment"]
    assert {"Name": "MODEL_ENDPOINT", "Value": aws.settings.model.endpoint_name} in variables
