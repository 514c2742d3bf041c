"""Who may do more: what IAM statements and managed policies allow that none has allowed so far."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from ops.diff.consequences import Consequence, subject
from ops.diff.principals import foreign, is_root
from ops.diff.rules import rule_book
from ops.diff.statements import statements
from ops.diff.values import plain, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.diff.consequences import Severity
    from ops.diff.statements import Statement, Targets
    from ops.diff.templates import ResourceChange, StackChange

# So many actions or resources are named in a sentence.
_NAMED = 4
_REMEDY = "Name the actions and the resources that are needed, and no others."
_NARROW = "See that its code needs this."
_FOREIGN = "Name who needs it, and bind a service or a provider to this account by a condition."
# How the last part of an ARN begins that is any resource of a kind.
_ANY_OF_A_KIND = re.compile(r"[a-z-]+[/:][*?]", re.IGNORECASE)
# How operators of conditions are written for a reader; others as they are.
_OPERATORS = {"Bool": "is", "StringEquals": "is", "ArnEquals": "is", "NumericLessThan": "<"}
# Services whose ARNs begin with the resource's own name, as that of a bucket.
_WITHOUT_KINDS = ("s3", "execute-api")


class _Atom(NamedTuple):
    """One action on one resource by one principal."""

    action: str
    resource: str
    principal: str


def judge_access(stack: str, change: StackChange) -> Iterator[Consequence]:
    """Yield what principals may do that they have not been allowed so far, and what is denied no more.

    What a role gets on resources that are named is a note, and so is a new resource's policy for the own
    account. Anything wide, whoever is foreign, and a lost condition are a weaker protection. What a principal
    may do no more is a note, too.
    """
    old = [one for each in change.resources for one in statements(each.id, each.old)]
    new = [one for each in change.resources for one in statements(each.id, each.new)]
    came = {one.id for one in change.resources if one.old is None}
    gone = {one.id for one in change.resources if one.new is None}
    yield from _allowed(stack, [one for one in new if one not in old], old, came)
    removed = [one for one in old if one not in new]
    yield from _denied_no_more(stack, removed, new, gone)
    yield from _allowed_no_more(stack, removed, new, gone)
    for each in change.resources:
        yield from _managed(stack, each)


def _allowed(
    stack: str, added: Iterable[Statement], old: Iterable[Statement], came: set[str]
) -> Iterator[Consequence]:
    before = [one for one in old if one.effect == "Allow"]
    # Of one principal and severity, everything is one finding.
    grouped: dict[tuple[Severity, str, str, str], list[str]] = defaultdict(list)
    for one in added:
        if one.unread is not None:
            text = f"what a statement says that is computed: {one.unread}"
            grouped["weaker protection", one.holder, "", _REMEDY].append(text)
        elif one.effect != "Deny":
            for (severity, principal, remedy), atoms in _gained(one, before, came).items():
                who = one.holder if one.on_resource else principal
                outside = principal if one.on_resource else ""
                grouped[severity, who, outside, remedy].append(_told(one, atoms))
    for (severity, who, outside, remedy), found in grouped.items():
        happens = f"{outside} may newly do {'; '.join(dict.fromkeys(found))}".strip()
        yield Consequence(severity, subject(stack, who), happens, remedy)


def _gained(
    added: Statement, before: Iterable[Statement], came: set[str]
) -> dict[tuple[Severity, str, str], list[_Atom]]:
    """Return what a statement allows that none before it has, by severity, principal and remedy."""
    found: dict[tuple[Severity, str, str], list[_Atom]] = defaultdict(list)
    for atom in _atoms(added):
        if any(_includes(one, added, atom) for one in before):
            continue
        outside = _outside(added, atom)
        severity: Severity = "weaker protection"
        is_new = bool(_ids(atom.principal) & came or _ids(atom.resource) & came)
        remedy = _REMEDY if outside is None else _FOREIGN
        if outside is None and not _is_wide(added, atom):
            if any(_includes(one, replace(added, condition=one.condition), atom) for one in before):
                remedy = "Keep the condition."
            elif is_new or not added.on_resource:
                severity, remedy = "note", "" if added.on_resource else _NARROW
        found[severity, outside or _principal(atom.principal), remedy].append(atom)
    return found


def _principal(name: str) -> str:
    return "the own account" if is_root(name) else plain(name)


def _outside(statement: Statement, atom: _Atom) -> str | None:
    if not statement.on_resource:
        return None
    if statement.principals.inverted:
        return f"everyone but {plain(atom.principal)}"
    trusts = atom.action.lower().startswith("sts:")
    return foreign(atom.principal, statement.condition, trusts=trusts)


def _is_wide(statement: Statement, atom: _Atom) -> bool:
    """Say whether an action is all of a service's or governs access, or a resource is any of a kind."""
    if statement.actions.inverted or statement.resources.inverted:
        return True
    if statement.on_resource and is_root(atom.principal):
        return False
    rules = rule_book().access
    service, _, name = atom.action.lower().partition(":")
    if "*" in service or name in ("", "*"):
        return True
    if any(fnmatchcase(one.lower(), atom.action.lower()) for one in rules.governing):
        return True
    bound = any(fnmatchcase(atom.action.lower(), one.lower()) for one in rules.without_resource)
    return not bound and _is_any(atom.resource)


def _is_any(resource: str) -> bool:
    """Say whether a resource's pattern stands for all of an account, of a service or of a kind."""
    text = re.sub(r"\$\{[^}]*\}", "$", resource)
    parts = text.split(":", 5)
    if len(parts) < 6:
        return "*" in text and "$" not in text
    if "*" in parts[2] or parts[5].startswith(("*", "?")):
        return True
    return parts[2] not in _WITHOUT_KINDS and _ANY_OF_A_KIND.match(parts[5]) is not None


def _atoms(statement: Statement) -> Iterator[_Atom]:
    targets = (statement.actions, statement.resources, statement.principals)
    yield from (_Atom(*one) for one in product(*(each.values or ("",) for each in targets)))


def _includes(before: Statement, added: Statement, atom: _Atom) -> bool:
    """Say whether a statement is about everything that another is about, of one atom of that."""
    pairs = (
        (before.actions, added.actions, atom.action),
        (before.resources, added.resources, atom.resource),
        (before.principals, added.principals, atom.principal),
    )
    return (
        before.effect == added.effect
        and before.on_resource == added.on_resource
        and before.condition in ("", added.condition)
        and all(_matches(old, new, value, lower=old is before.actions) for old, new, value in pairs)
    )


def _matches(targets: Targets, other: Targets, value: str, *, lower: bool) -> bool:
    if targets.inverted or other.inverted:
        return targets == other
    if lower:
        value = value.lower()
    patterns = (one.lower() if lower else one for one in targets.values or ("",))
    # A bracket is no pattern in IAM, as it is in a shell.
    return any(one == value or fnmatchcase(value, one.replace("[", "[[]")) for one in patterns)


def _denied_no_more(
    stack: str, removed: Iterable[Statement], new: Iterable[Statement], gone: set[str]
) -> Iterator[Consequence]:
    denials = [one for one in new if one.effect == "Deny"]
    found: list[tuple[str, str]] = []
    for one in removed:
        if one.effect != "Deny":
            continue
        left = [
            atom
            for atom in _atoms(one)
            # Of what is gone with its policy, nothing is left to deny.
            if not (_ids(atom.resource) | _ids(atom.principal)) & gone
            and not any(_includes(each, one, atom) for each in denials)
        ]
        if left:
            who = one.holder if one.on_resource else _sentence(each.principal for each in left)
            where = f" where {text}" if (text := _condition(one.condition)) else ""
            found.append((who, f"{_told(one, left)} is not denied any more{where}"))
    for who, happens in dict.fromkeys(found):
        yield Consequence("weaker protection", subject(stack, who), happens, "Keep the denial.")


def _condition(condition: str) -> str:
    """Return a condition for a reader: "aws:SecureTransport is false", "s3:TlsVersion < 1.2"."""
    tests = json.loads(condition) if condition else {}
    return " and ".join(
        f"{key} {_OPERATORS.get(operator, operator)} {plain(' or '.join(values))}"
        for operator, keys in tests.items()
        if isinstance(keys, dict)
        for key, values in keys.items()
    )


def _allowed_no_more(
    stack: str, removed: Iterable[Statement], new: Iterable[Statement], gone: set[str]
) -> Iterator[Consequence]:
    """Yield what an identity that stays has been allowed so far, and is no more."""
    allowed = [one for one in new if one.effect == "Allow"]
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in removed:
        if one.effect != "Allow" or one.on_resource:
            continue
        for principal in dict.fromkeys(atom.principal for atom in _atoms(one)):
            left = [
                atom
                for atom in _atoms(one)
                if atom.principal == principal
                and not (_ids(atom.resource) | _ids(principal)) & gone
                and not any(_includes(each, one, atom) for each in allowed)
            ]
            bound = [
                atom
                for atom in left
                if any(_includes(replace(each, condition=one.condition), one, atom) for each in allowed)
            ]
            for verb, atoms in (
                ("may do only on a condition", bound),
                ("may do no more", [each for each in left if each not in bound]),
            ):
                if atoms:
                    found[plain(principal), verb].append(_told(one, atoms))
    for (who, verb), lost in found.items():
        happens = f"{verb}: {'; '.join(dict.fromkeys(lost))}"
        yield Consequence("note", subject(stack, who), happens, "See that its code does not need this.")


def _managed(stack: str, change: ResourceChange) -> Iterator[Consequence]:
    """Yield the managed policies that an identity gets; the template's own are judged by their statements."""
    if not change.type.startswith("AWS::IAM::"):
        return
    old, new = (
        texts(((one or {}).get("Properties") or {}).get("ManagedPolicyArns"))
        for one in (change.old, change.new)
    )
    for policy in dict.fromkeys(one for one in new if one not in old):
        name = policy.rpartition("/")[2]
        wide = any(fnmatchcase(name, one) for one in rule_book().access.wide_policies)
        where, happens = subject(stack, change.id), f"gets the managed policy {plain(policy)}"
        if not wide:
            yield Consequence("note", where, happens, _NARROW)
        else:
            yield Consequence("weaker protection", where, happens, _REMEDY)


def _told(statement: Statement, atoms: Iterable[_Atom]) -> str:
    """Return what atoms of a statement are about, as in "s3:GetObject on Photos.Arn"."""
    parts = (
        (statement.actions, _sentence(each.action for each in atoms)),
        (statement.resources, _sentence(each.resource for each in atoms)),
    )
    return " on ".join(f"everything but {text}" if one.inverted else text for one, text in parts)


def _sentence(texts: Iterable[str]) -> str:
    values = [plain(one) for one in dict.fromkeys(texts)]
    more = len(values) - _NAMED
    return ", ".join(values[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _ids(text: str) -> set[str]:
    """The logical ids that a text names, as in ${Role.Arn}."""
    return {one.partition(".")[0] for one in re.findall(r"\$\{([^}]+)\}", text)}
