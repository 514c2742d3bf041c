"""Statements taken apart: one action on one resource by one principal, and what a statement says of it."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.diff.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ops.diff.statements import Statement, Targets

# So many actions or resources are named in a sentence.
_NAMED = 4
# Operators that more values, and patterns of them, meet more easily.
_MEETS_ONE = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")


class Atom(NamedTuple):
    """One action on one resource by one principal."""

    action: str
    resource: str
    principal: str


def atoms(statement: Statement) -> Iterator[Atom]:
    """Yield each action on each resource by each principal of a statement."""
    targets = (statement.actions, statement.resources, statement.principals)
    yield from (Atom(*one) for one in product(*(each.values or ("",) for each in targets)))


def includes(before: Statement, added: Statement, atom: Atom) -> bool:
    """Say whether a statement is about everything that another is about, of one atom of that."""
    pairs = (
        (before.actions, added.actions, atom.action),
        (before.resources, added.resources, atom.resource),
        (before.principals, added.principals, atom.principal),
    )
    return (
        before.effect == added.effect
        and before.on_resource == added.on_resource
        and asks_as_much(added.condition, before.condition)
        and all(_matches(old, new, value, lower=old is before.actions) for old, new, value in pairs)
    )


def asks_as_much(condition: str, other: str) -> bool:
    """Return whether every request that meets one condition meets the other one, too."""
    if other in ("", condition) or not condition:
        return other in ("", condition)
    asked = _tests(condition)
    return all(
        _is_met(operator, asked.get(operator, {}).get(key), values)
        for operator, keys in _tests(other).items()
        for key, values in keys.items()
    )


def _is_met(operator: str, given: list[str] | None, values: list[str]) -> bool:
    if given is None or operator not in _MEETS_ONE:
        return given == values
    return all(any(value == one or fnmatchcase(value, one) for one in values) for value in given)


@cache
def _tests(condition: str) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(condition) if condition else {}
    return {operator: keys for operator, keys in found.items() if isinstance(keys, dict)}


def _matches(targets: Targets, other: Targets, value: str, *, lower: bool) -> bool:
    if targets.inverted or other.inverted:
        return targets == other
    if lower:
        value = value.lower()
    patterns = (one.lower() if lower else one for one in targets.values or ("",))
    # A bracket is no pattern in IAM, as it is in a shell.
    return any(one == value or fnmatchcase(value, one.replace("[", "[[]")) for one in patterns)


def told(statement: Statement, atoms: Iterable[Atom]) -> str:
    """Return what atoms of a statement are about, as in "s3:GetObject on Photos.Arn"."""
    parts = (
        (statement.actions, sentence(each.action for each in atoms)),
        (statement.resources, sentence(each.resource for each in atoms)),
    )
    return " on ".join(f"everything but {text}" if one.inverted else text for one, text in parts)


def sentence(texts: Iterable[str]) -> str:
    """Return texts in a row, each once; of many, the first ones and how many more there are."""
    values = [plain(one) for one in dict.fromkeys(texts)]
    more = len(values) - _NAMED
    return ", ".join(values[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def ids(text: str) -> set[str]:
    """The logical ids that a text names, as in ${Role.Arn}."""
    return {one.partition(".")[0] for one in re.findall(r"\$\{([^}]+)\}", text)}
