"""Resources of which there may be one: CloudFormation creates the second before it deletes the first."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject
from ops.diff.paths import at
from ops.diff.rules import rule_book
from ops.diff.values import plain, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ops.diff.ordering import Order
    from ops.diff.templates import ResourceChange, StackChange

# A reference to a resource of the same stack; another stack may have one of the same id.
_LOCAL = re.compile(r"\$\{(?!AWS::)([^}:.]+)[^}:]*\}")
_Key = tuple[str, ...]


def judge_singles(
    changes: Mapping[str, StackChange], order: Order, gone_stacks: Collection[str]
) -> Iterator[Consequence]:
    """Yield the resources that are created while an equal one is still there, of this or another stack.

    No deployment deletes what is of `gone_stacks`, which are declared no more.
    """
    former: dict[_Key, list[tuple[str, ResourceChange]]] = defaultdict(list)
    for stack, change in changes.items():
        for one in change.resources:
            if one.old is not None and (one.new is None or one.impact == "WILL_REPLACE"):
                for key in _keys(stack, change, one.old):
                    former[key].append((stack, one))
    for stack, change in changes.items():
        for one in change.resources if stack not in gone_stacks else ():
            if one.new is not None and (one.old is None or one.impact == "WILL_REPLACE"):
                yield from _taken(stack, change, one, former, order, gone_stacks)


def _taken(
    stack: str,
    change: StackChange,
    one: ResourceChange,
    former: Mapping[_Key, list[tuple[str, ResourceChange]]],
    order: Order,
    gone_stacks: Collection[str],
) -> Iterator[Consequence]:
    because = rule_book().single[one.type].because if one.type in rule_book().single else ""
    for key in _keys(stack, change, one.new):
        for where, other in former.get(key, ()):
            stays = other.impact == "WILL_ORPHAN" or where in gone_stacks
            if where != stack and not stays and order.is_before(where, stack):
                continue
            elsewhere = where if where != stack else ""
            happens = _happens(key[-1], because, one, other, elsewhere, stays=stays)
            remedy = _remedy(because, one, other, elsewhere, stays=stays)
            yield Consequence("interruption", subject(stack, one.id, one.type), happens, remedy)
            return


def _happens(
    name: str, because: str, one: ResourceChange, other: ResourceChange, stack: str, *, stays: bool
) -> str:
    """Say what becomes of a resource while another one is there, of `stack` where that is another."""
    whose = f"that of {stack}" if stack else "the former one"
    if because:
        until = f"while {whose} stays" if stays else f"before {whose} is deleted"
        return f"is created {'anew ' if one is other else ''}{until}: {because}"
    until = f"is that of a resource of {stack}" if stack else f"exists until {whose} is gone"
    if stays:
        until = f"is taken: {whose} stays"
    return f"CloudFormation refuses to create it: the name {name} {until}"


def _remedy(because: str, one: ResourceChange, other: ResourceChange, stack: str, *, stays: bool) -> str:
    another = "" if because else "Give it another name, or "
    if stack and stays:
        what = f"keep the stack {stack}" if other.impact != "WILL_ORPHAN" else f"keep it in {stack}"
    elif stack:
        what = f"take it away from {stack} in one deployment, and declare it here in the next"
    elif one.old is not None:
        what = "undo what replaces it"
    else:
        what = "keep the id by `override_logical_id`"
    return f"{another}{what}." if another else f"{what[0].upper()}{what[1:]}."


def _keys(stack: str, change: StackChange, resource: Mapping[str, Any] | None) -> Iterator[_Key]:
    """Yield by what a resource is told from others of its type, the last part for a reader."""
    kind = str((resource or {}).get("Type", ""))
    if (single := rule_book().single.get(kind)) is None:
        return
    parts = [list(_values(resource, path.removesuffix("?"))) for path in single.by]
    # Without an optional part, any other part still tells it from others.
    filled = [
        found or [""] if path.endswith("?") else found for path, found in zip(single.by, parts, strict=True)
    ]
    replaced = {one.id for one in change.resources if one.impact == "WILL_REPLACE"}
    for values in product(*filled):
        references = set(_LOCAL.findall(" ".join(values)))
        if not references & replaced:
            yield kind, stack if references else "", *values, plain(" ".join(filter(None, values)))


def _values(resource: Mapping[str, Any] | None, path: str) -> Iterator[str]:
    for value in at(resource, path).values():
        if text := "".join(texts(value)):
            yield text
