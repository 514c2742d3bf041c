"""The order in which stacks are deployed and the resources of a stack are made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ops.diff.atoms import sentence
from ops.diff.consequences import Consequence, subject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ops.diff.assembly import Template
    from ops.diff.exports import Links
    from ops.diff.templates import StackChange

Graph = dict[str, frozenset[str]]


class Order:
    """What comes before what: each name after those that it depends on."""

    def __init__(self, depends: Mapping[str, frozenset[str]]) -> None:
        self._depends = depends

    def is_before(self, one: str, other: str) -> bool:
        """Say whether one surely comes before the other, which depends on it, or on what does."""
        seen: set[str] = set()
        left = [other]
        while left:
            found = self._depends.get(left.pop(), frozenset()) - seen
            seen |= found
            left += found
        return one in seen

    def is_only_before(self, one: str, other: str) -> bool:
        """Say whether one comes before the other, and not after it, too, as in a circle."""
        return self.is_before(one, other) and not self.is_before(other, one)


def stack_order(stacks: Mapping[str, Links], named: Mapping[str, frozenset[str]]) -> Order:
    """Return the order of stacks, by what they import and by the dependencies that the assembly names."""
    exporters = {name: stack for stack, one in stacks.items() for name in one.exports}
    return Order(
        {
            stack: named.get(stack, frozenset())
            | {exporters[name] for name in one.imports if name in exporters} - {stack}
            for stack, one in stacks.items()
        }
    )


def judge_stack_order(
    old: Mapping[str, Links], named: Mapping[str, frozenset[str]], order: Order, changed: Collection[str]
) -> Iterator[Consequence]:
    """Yield which of the stacks that are `changed` may now be deployed before one that they waited for.

    Those that a stack has imported from are left out: what it needs is in its template.
    """
    for stack in changed:
        imported = {one for one, each in old.items() if old[stack].imports & each.exports.keys()}
        lost = [
            one
            for one in named.get(stack, frozenset()) - imported
            if one in changed and not order.is_before(one, stack)
        ]
        if lost:
            happens = f"may be deployed before {' and '.join(sorted(lost))}, for which it waited so far"
            yield Consequence("note", stack, happens, "See that it needs nothing new of that.")


def judge_order(stack: str, change: StackChange, template: Template) -> Iterator[Consequence]:
    """Yield where the resources of a stack wait for each other, and where one waits for another no more.

    What is there already needs no order: of a lost one, only an environment that is made anew takes notice. A
    resource that refers to others than before may well wait for others, too.
    """
    graph = _graph(template)
    order = Order(graph)
    for name in [one.id for one in change.resources if one.id in graph and order.is_before(one.id, one.id)]:
        happens = "waits for itself by what it refers to or depends on: CloudFormation refuses the template"
        yield Consequence("interruption", subject(stack, name), happens, "Take one of the references away.")
        return
    for one in change.resources:
        if one.old is None or one.new is None or _refers(one.old) != _refers(one.new):
            continue
        lost = [
            name
            for name in _named(one.old) - _named(one.new)
            if name in graph and not order.is_before(name, one.id)
        ]
        if lost:
            happens = f"waits for {sentence(sorted(lost))} no more where an environment is made anew"
            remedy = "Keep the dependency, unless it works without."
            yield Consequence("note", subject(stack, one.id, one.type), happens, remedy)


def _graph(template: Template) -> Graph:
    """Return what each resource of a template is made after: what it names or refers to."""
    resources = template.get("Resources") or {}
    return {name: (_named(one) | _refers(one)) & resources.keys() for name, one in resources.items()}


def _named(resource: Mapping[str, Any]) -> frozenset[str]:
    named = resource.get("DependsOn") or ()
    return frozenset([named] if isinstance(named, str) else named)


def _refers(resource: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(_references(resource.get("Properties")))


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(name)}:
            yield name.partition(".")[0]
        case {"Fn::Sub": template}:
            parts = template if isinstance(template, list) else [template]
            yield from re.findall(r"\$\{(\w+)", parts[0])
            yield from _references(parts[1:])
        case dict():
            for one in value.values():
                yield from _references(one)
        case list():
            for one in value:
                yield from _references(one)
