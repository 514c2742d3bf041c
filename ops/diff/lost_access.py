"""What goes with statements that are taken away: a denial that protected, and permissions."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from ops.diff.atoms import asks_as_much, atoms, ids, includes, sentence, told
from ops.diff.consequences import Consequence, subject
from ops.diff.principals import is_root
from ops.diff.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.diff.consequences import Severity
    from ops.diff.statements import Statement

_UNUSED = "See that its code does not need this."
_KEEP = "Keep it, unless nothing needs it any more."

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
    """Yield what has been allowed so far, and is no more, though who was allowed it stays, and what it is on.

    A note, unless it surely was all: the whole policy of an identity, what a service may do, or who may
    administer a key.
    """
    allowed = [one for one in new if one.effect == "Allow"]
    found: dict[tuple[Severity, str, str], list[str]] = defaultdict(list)
    for one in removed:
        # What acts for something that is gone needs nothing any more.
        if one.effect != "Allow" or ids(one.condition) & gone:
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
                if any(
                    includes(replace(each, condition=one.condition), one, atom)
                    for each in allowed
                    if not one.on_resource or asks_as_much(each.condition, one.condition)
                )
            ]
            lost = [each for each in left if each not in bound]
            who, whose, where = plain(principal), "", ""
            if one.on_resource:
                who, whose = one.holder, f"{'the own account' if is_root(principal) else who} "
                where = f" where {text}" if (text := _condition(one.condition)) else ""
            holds = any(principal in each.principals.values for each in allowed)
            severity = _severity(one, principal, all_of_it=one.holder in gone and not holds)
            if bound and not one.on_resource:
                another = "another" if one.condition else "a"
                found["note", who, f"may do only on {another} condition"].append(told(one, bound))
            if lost:
                found[severity, who, f"{whose}may do no more"].append(told(one, lost) + where)
    for (severity, who, verb), parts in found.items():
        happens = f"{verb}: {'; '.join(dict.fromkeys(parts))}"
        remedy = _UNUSED if severity == "note" else _KEEP
        yield Consequence(severity, subject(stack, who), happens, remedy)


def _severity(one: Statement, principal: str, *, all_of_it: bool) -> Severity:
    if not one.on_resource:
        return "interruption" if all_of_it else "note"
    # A service has no policy of its own; a key that nobody may administer is lost for good.
    service = principal.startswith("Service:")
    administers = is_root(principal) and any(action.startswith("kms:") for action in one.actions.values)
    return "interruption" if service or administers else "note"


def _condition(condition: str) -> str:
    """Return a condition for a reader: "aws:SecureTransport is false", "s3:TlsVersion < 1.2"."""
    tests = json.loads(condition) if condition else {}
    return " and ".join(
        f"{key} {_OPERATORS.get(operator, operator)} {plain(' or '.join(values))}"
        for operator, keys in tests.items()
        if isinstance(keys, dict)
        for key, values in keys.items()
    )
