"""Who may reach what: rules of security groups that a change adds or takes away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject
from ops.diff.values import is_intrinsic, plain, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ops.diff.assembly import Template
    from ops.diff.consequences import Severity
    from ops.diff.templates import StackChange

_GROUP = "AWS::EC2::SecurityGroup"
_ALL = "Everything"
ANYWHERE = ("0.0.0.0/0", "::/0")


def judge_network(stack: str, change: StackChange, old: Template, new: Template) -> Iterator[Consequence]:
    """Yield what security groups let through that they have refused so far, and the other way round."""
    unlimited = _unlimited(new)
    for name in sorted(unlimited - _unlimited(old)):
        happens = "may reach everything: no rule says what it may reach"
        yield Consequence("weaker protection", subject(stack, name, _GROUP), happens, "Name what it needs.")
    for rule in dict.fromkeys(change.ingress.added):
        where = subject(stack, _named(rule.group), _GROUP)
        if rule.peer in ANYWHERE:
            happens = f"{rule.protocol} is open to the whole internet ({rule.peer})"
            yield Consequence("weaker protection", where, happens, "Name the group or network that needs it.")
        elif rule.is_network:
            happens = f"{rule.protocol} is open to {_named(rule.peer)}"
            yield Consequence("weaker protection", where, happens, "Name a security group, not a network.")
        else:
            yield Consequence("note", where, f"{rule.protocol} is open to {_named(rule.peer)}")
    for one in change.resources:
        # The package passes over what is computed as a whole.
        before, after = (_properties(each).get("SecurityGroupIngress") for each in (one.old, one.new))
        if (
            one.type == _GROUP
            and before != after
            and any(is_intrinsic(each) for each in (after, *(after or ())))
        ):
            happens = "what reaches it is computed at the deployment"
            yield Consequence(
                "weaker protection", subject(stack, one.id, _GROUP), happens, "Write the rules out."
            )
    came = {one.id for one in change.resources if one.type == _GROUP and one.old is None}
    for rule in dict.fromkeys(change.egress.added):
        where = subject(stack, _named(rule.group), _GROUP)
        happens = f"may reach {_named(rule.peer)} by {rule.protocol}"
        if rule.peer in ANYWHERE and rule.protocol == _ALL and _id(rule.group) not in came:
            yield Consequence("weaker protection", where, happens, "Name what it needs.")
        else:
            yield Consequence("note", where, happens)
    yield from _closed(stack, change, unlimited)


def _unlimited(template: Template) -> set[str]:
    """Return the groups that may reach everything, as no rule says what they may reach.

    EC2 gives each group a rule that lets everything out, until another rule is named.
    """
    resources = template.get("Resources") or {}
    limited = {
        _id(text)
        for one in resources.values()
        if one["Type"] == f"{_GROUP}Egress"
        for text in texts(_properties(one).get("GroupId"))
    }
    return {
        name
        for name, one in resources.items()
        if one["Type"] == _GROUP and not _properties(one).get("SecurityGroupEgress") and name not in limited
    }


def _properties(resource: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (resource or {}).get("Properties") or {}


def _closed(stack: str, change: StackChange, unlimited: Collection[str]) -> Iterator[Consequence]:
    """Yield what is let through no more between groups that stay; a note where another rule replaces it."""
    groups = {one.id: one.new for one in change.resources if one.type == _GROUP}
    gone = {name for name, new in groups.items() if new is None}
    for rules, happens in (
        (change.ingress, "{protocol} of {peer} is refused from now on"),
        (change.egress, "may no more reach {peer} by {protocol}"),
    ):
        others = {_id(rule.group) for rule in rules.added}
        # Where others of its rules stay, something is known to need less.
        others |= {name for name, new in groups.items() if _properties(new).get("SecurityGroupEgress")}
        for rule in dict.fromkeys(rules.removed):
            if rules is change.egress and _id(rule.group) in unlimited:
                continue
            if not {_id(rule.group), _id(rule.peer)} & gone and rule not in rules.added:
                text = happens.format(protocol=rule.protocol, peer=_named(rule.peer))
                severity: Severity = "note" if _id(rule.group) in others else "interruption"
                remedy = "See that nothing needs it."
                yield Consequence(severity, subject(stack, _named(rule.group), _GROUP), text, remedy)


def _id(text: str) -> str:
    return _named(text).partition(".")[0]


def _named(text: str) -> str:
    """Return a group or a peer by its name; the package gives what it does not know as JSON."""
    try:
        return plain("".join(texts(json.loads(text))))
    except ValueError:
        return plain(text)
