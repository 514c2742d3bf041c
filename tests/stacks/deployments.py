"""What CloudFormation refuses when the stacks of one variant follow those of another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.stacks.variants import Resource, Stack


def refusals(before: Sequence[Stack], after: Sequence[Stack], *, alone: str | None = None) -> list[str]:
    """Return what is refused when `after` is deployed over `before`, stack by stack in the given order.

    `alone` deploys one stack only, by its name. A stack without resources is deleted, as `cdk deploy` does.
    """
    deployed = {stack.name: stack for stack in before if stack.resources}
    found: list[str] = []
    for stack in after:
        if alone not in (None, stack.name):
            continue
        old = deployed.pop(stack.name, None)
        others = list(deployed.values())
        found += [f"{stack.name}: {one}" for one in _update(old, stack, others)]
        if stack.resources:
            deployed[stack.name] = stack
    return found


def _update(old: Stack | None, new: Stack, others: Sequence[Stack]) -> Iterator[str]:
    available = {name for stack in others for name in stack.exports}
    yield from (f"imports {name}, which no stack exports" for name in sorted(new.imports - available))
    published = {one.name for stack in others for one in stack.resources.values()}
    yield from (f"reads {name}, which no stack publishes" for name in sorted(new.reads - published))
    if old is not None:
        used = {name for stack in others for name in stack.imports}
        gone = replaced(old.resources, new.resources)
        for name in sorted(used & old.exports.keys()):
            if new.exports.get(name) != old.exports[name]:
                yield f"takes the export {name} away, which another stack imports"
            elif _references(old.exports[name]) & gone:
                yield f"changes the export {name}, which another stack imports, by a replacement"
    yield from _collisions(old, new, others)


def _collisions(old: Stack | None, new: Stack, others: Sequence[Stack]) -> Iterator[str]:
    # CloudFormation makes the new resource before it deletes the old one.
    taken = {(one.kind, one.name) for stack in others for one in stack.resources.values()}
    before = old.resources if old is not None else {}
    gone = replaced(before, new.resources)
    owners = {(one.kind, one.name): identifier for identifier, one in before.items()}
    for identifier, one in new.resources.items():
        if one.name is None:
            continue
        owner = owners.get((one.kind, one.name))
        if (one.kind, one.name) in taken or owner not in (None, identifier) or owner in gone:
            yield f"makes a second {one.kind} of the name {one.name}"


def replaced(before: Mapping[str, Resource], after: Mapping[str, Resource]) -> set[str]:
    """Return the ids of the resources that are deleted, or replaced because a property cannot be updated."""
    gone = {
        name
        for name, one in before.items()
        if name not in after or (one.kind, one.fixed) != (after[name].kind, after[name].fixed)
    }
    while more := {
        name
        for name, one in before.items()
        if name not in gone and any(_references(value) & gone for value in one.fixed.values())
    }:
        gone |= more
    return gone


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for inner in value for name in _references(inner)}
    if not isinstance(value, dict):
        return set()
    if isinstance(value.get("Ref"), str):
        return {value["Ref"]}
    if "Fn::GetAtt" in value:
        return {value["Fn::GetAtt"][0]}
    return {name for inner in value.values() for name in _references(inner)}
