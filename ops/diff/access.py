"""Who may do more: IAM statements and rules of security groups that a change adds."""

from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import fnmatchcase
from itertools import product
from typing import TYPE_CHECKING

from ops.diff.consequences import Consequence, subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.diff.consequences import Severity
    from ops.diff.templates import StackChange, Statement, Targets, Traffic

ANYWHERE = ("0.0.0.0/0", "::/0")
# So many actions or resources are named in a sentence.
_NAMED = 4
_REMEDY = "Name the actions and the resources that are needed, and no others."


def judge_access(stack: str, change: StackChange) -> Iterator[Consequence]:
    """Yield what IAM and security groups let through that they have refused so far.

    What a new role gets on resources that are named is a note; the same for a role that exists, and
    anything with a wildcard, is a weaker protection.
    """
    new = {one.id for one in change.resources if one.old is None}
    yield from _statements(stack, change, new)
    for identity, policy in change.managed_policies:
        severity: Severity = "note" if _ids(identity) & new and "Admin" not in policy else "weaker protection"
        yield Consequence(severity, subject(stack, _plain(identity)), f"gets the policy {policy}", _REMEDY)
    yield from _traffic(stack, change)


def _statements(stack: str, change: StackChange, new: set[str]) -> Iterator[Consequence]:
    # Of one principal and severity, everything is one finding.
    grouped: dict[tuple[Severity, str], list[str]] = defaultdict(list)
    for one in change.statements.added:
        if one.unread is not None:
            grouped["weaker protection", "IAM"].append(f"by a statement that is computed: {one.unread}")
        elif one.effect == "Allow" and (gained := _gained(one, change.statements.removed)):
            principal = _list(one.principals)
            severity: Severity = "weaker protection"
            if not _has_wildcard(one) and any(_ids(each) & new for each in _named(one)):
                severity = "note"
            grouped[severity, principal].append(f"{_sentence(gained)} on {_list(one.resources)}")
    for (severity, principal), texts in grouped.items():
        happens = f"may newly do {'; '.join(dict.fromkeys(texts))}"
        yield Consequence(severity, subject(stack, principal), happens, _REMEDY)
    for one in change.statements.removed:
        if one.effect == "Deny" and not any(_denies(other, one) for other in change.statements.added):
            happens = f"{_list(one.actions)} on {_list(one.resources)} is not denied any more"
            yield Consequence("weaker protection", subject(stack, _list(one.principals)), happens, _REMEDY)


def _gained(added: Statement, removed: Iterable[Statement]) -> list[str]:
    """Return the actions of a statement that no statement before it has allowed as widely."""
    before = [one for one in removed if one.effect == "Allow" and one.unread is None]
    targets = (added.actions, added.resources, added.principals)
    if any(one.inverted for one in targets):
        return list(added.actions.values) or ["everything"]
    atoms = product(*(one.values or ("",) for one in targets))
    return list(
        dict.fromkeys(
            action
            for action, resource, principal in atoms
            if not any(_allows(one, added, action, resource, principal) for one in before)
        )
    )


def _allows(before: Statement, added: Statement, action: str, resource: str, principal: str) -> bool:
    if before.condition not in (None, {}, added.condition):
        return False
    return (
        _matches(before.actions, action.lower(), lower=True)
        and _matches(before.resources, resource)
        and _matches(before.principals, principal)
    )


def _matches(targets: Targets, value: str, *, lower: bool = False) -> bool:
    patterns = (one.lower() if lower else one for one in targets.values or ("",))
    return not targets.inverted and any(one == value or fnmatchcase(value, one) for one in patterns)


def _denies(one: Statement, other: Statement) -> bool:
    return one.effect == "Deny" and (one.actions, one.resources, one.principals, one.condition) == (
        other.actions,
        other.resources,
        other.principals,
        other.condition,
    )


def _has_wildcard(statement: Statement) -> bool:
    if statement.actions.inverted or statement.resources.inverted or statement.principals.inverted:
        return True
    wide = any(one == "*" or one.endswith(":*") for one in statement.actions.values)
    anyone = any(one in ("*", "AWS:*") for one in statement.principals.values)
    return wide or anyone or "*" in statement.resources.values


def _named(statement: Statement) -> tuple[str, ...]:
    """The principals of a statement; of one that stands on a resource, that resource too."""
    return (*statement.principals.values, *statement.resources.values)


def _traffic(stack: str, change: StackChange) -> Iterator[Consequence]:
    for rule in _distinct(change.ingress.added):
        where = subject(stack, _plain(rule.group), "AWS::EC2::SecurityGroup")
        if rule.peer in ANYWHERE:
            happens = f"{rule.protocol} is open to the whole internet ({rule.peer})"
            yield Consequence("weaker protection", where, happens, "Name the group or network that needs it.")
        elif re.match(r"[0-9a-fA-F.:]+/\d+$", rule.peer):
            happens = f"{rule.protocol} is open to {rule.peer}"
            yield Consequence("weaker protection", where, happens, "Name a security group, not a network.")
        else:
            yield Consequence("note", where, f"{rule.protocol} is open to {_plain(rule.peer)}")
    for rule in _distinct(change.egress.added):
        where = subject(stack, _plain(rule.group), "AWS::EC2::SecurityGroup")
        yield Consequence("note", where, f"may reach {_plain(rule.peer)} by {rule.protocol}")


def _distinct(rules: Iterable[Traffic]) -> Iterable[Traffic]:
    return dict.fromkeys(rules)


def _list(targets: Targets) -> str:
    text = _sentence([_plain(one) for one in targets.values]) or "every resource"
    return f"everything but {text}" if targets.inverted else text


def _sentence(values: list[str]) -> str:
    more = len(values) - _NAMED
    return ", ".join(values[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _plain(text: str) -> str:
    return re.sub(r"\$\{([^}]+)\}", r"\1", text).removeprefix("AWS:")


def _ids(text: str) -> set[str]:
    """The logical ids that a text names, as in ${Role.Arn}."""
    return {one.partition(".")[0] for one in re.findall(r"\$\{([^}]+)\}", text)}
