"""What is taken away with statements: a denial that protected, and what an identity may do no more."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from ops.diff.atoms import atoms, ids, includes, sentence, told
from ops.diff.consequences import Consequence, subject
from ops.diff.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.diff.statements import Statement

# How operators of conditions are written for a reader; others as they are.
_OPERATORS = {"Bool": "is", "StringEquals": "is", "ArnEquals": "is", "NumericLessThan": "<"}


def denied_no_more(
    stack: str, removed: Iterable[Statement], new: Iterable[Statement], gone: set[str]
) -> Iterator[Consequence]:
    """Yield the denials that are gone, with the condition on which each has held."""
    denials = [one for one in new if one.effect == "Deny"]
    found: list[tuple[str, str]] = []
    for one in removed:
        if one.effect != "Deny":
            continue
        left = [
            atom
            for atom in atoms(one)
            # Of what is gone with its policy, nothing is left to deny.
            if not (ids(atom.resource) | ids(atom.principal)) & gone
            and not any(includes(each, one, atom) for each in denials)
        ]
        if left:
            who = one.holder if one.on_resource else sentence(each.principal for each in left)
            where = f" where {text}" if (text := _condition(one.condition)) else ""
            found.append((who, f"{told(one, left)} is not denied any more{where}"))
    for who, happens in dict.fromkeys(found):
        yield Consequence("weaker protection", subject(stack, who), happens, "Keep the denial.")


def allowed_no_more(
    stack: str, removed: Iterable[Statement], new: Iterable[Statement], gone: set[str]
) -> Iterator[Consequence]:
    """Yield what an identity that stays has been allowed so far, and is no more."""
    allowed = [one for one in new if one.effect == "Allow"]
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in removed:
        if one.effect != "Allow" or one.on_resource:
            continue
        for principal in dict.fromkeys(atom.principal for atom in atoms(one)):
            left = [
                atom
                for atom in atoms(one)
                if atom.principal == principal
                and not (ids(atom.resource) | ids(principal)) & gone
                and not any(includes(each, one, atom) for each in allowed)
            ]
            bound = [
                atom
                for atom in left
                if any(includes(replace(each, condition=one.condition), one, atom) for each in allowed)
            ]
            for verb, some in (
                ("may do only on a condition", bound),
                ("may do no more", [each for each in left if each not in bound]),
            ):
                if some:
                    found[plain(principal), verb].append(told(one, some))
    for (who, verb), lost in found.items():
        happens = f"{verb}: {'; '.join(dict.fromkeys(lost))}"
        yield Consequence("note", subject(stack, who), happens, "See that its code does not need this.")


def _condition(condition: str) -> str:
    """Return a condition for a reader: "aws:SecureTransport is false", "s3:TlsVersion < 1.2"."""
    tests = json.loads(condition) if condition else {}
    return " and ".join(
        f"{key} {_OPERATORS.get(operator, operator)} {plain(' or '.join(values))}"
        for operator, keys in tests.items()
        if isinstance(keys, dict)
        for key, values in keys.items()
    )
