"""Who may do more: what IAM statements and managed policies allow that none has allowed so far."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ops.diff.atoms import atoms, ids, includes, told
from ops.diff.consequences import Consequence, subject
from ops.diff.lost_access import allowed_no_more, denied_no_more
from ops.diff.principals import foreign, is_root
from ops.diff.rules import rule_book
from ops.diff.statements import statements
from ops.diff.values import plain, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.diff.atoms import Atom
    from ops.diff.consequences import Severity
    from ops.diff.statements import Statement
    from ops.diff.templates import ResourceChange, StackChange

_REMEDY = "Name the actions and the resources that are needed, and no others."
_NARROW = "See that its code needs this."
_FOREIGN = "Name who needs it, and bind a service or a provider to this account by a condition."
# How the last part of an ARN begins that is any resource of a kind.
_ANY_OF_A_KIND = re.compile(r"[a-z-]+[/:][*?]", re.IGNORECASE)
# Services whose ARNs begin with the resource's own name, as that of a bucket.
_WITHOUT_KINDS = ("s3", "execute-api")


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
    yield from denied_no_more(stack, removed, new, gone)
    yield from allowed_no_more(stack, removed, new, gone)
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
            for (severity, principal, remedy), some in _gained(one, before, came).items():
                who = one.holder if one.on_resource else principal
                outside = principal if one.on_resource else ""
                grouped[severity, who, outside, remedy].append(told(one, some))
    for (severity, who, outside, remedy), found in grouped.items():
        happens = f"{outside} may newly do {'; '.join(dict.fromkeys(found))}".strip()
        yield Consequence(severity, subject(stack, who), happens, remedy)


def _gained(
    added: Statement, before: Iterable[Statement], came: set[str]
) -> dict[tuple[Severity, str, str], list[Atom]]:
    """Return what a statement allows that none before it has, by severity, principal and remedy."""
    found: dict[tuple[Severity, str, str], list[Atom]] = defaultdict(list)
    for atom in atoms(added):
        if any(includes(one, added, atom) for one in before):
            continue
        outside = _outside(added, atom)
        severity: Severity = "weaker protection"
        is_new = bool(ids(atom.principal) & came or ids(atom.resource) & came)
        remedy = _REMEDY if outside is None else _FOREIGN
        if outside is None and not _is_wide(added, atom):
            if any(includes(one, replace(added, condition=one.condition), atom) for one in before):
                remedy = "Keep the condition."
            elif is_new or not added.on_resource:
                severity, remedy = "note", "" if added.on_resource else _NARROW
        found[severity, outside or _principal(atom.principal), remedy].append(atom)
    return found


def _principal(name: str) -> str:
    return "the own account" if is_root(name) else plain(name)


def _outside(statement: Statement, atom: Atom) -> str | None:
    if not statement.on_resource:
        return None
    if statement.principals.inverted:
        return f"everyone but {plain(atom.principal)}"
    trusts = atom.action.lower().startswith("sts:")
    return foreign(atom.principal, statement.condition, trusts=trusts)


def _is_wide(statement: Statement, atom: Atom) -> bool:
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
