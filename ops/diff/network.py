"""Who may reach what: rules of security groups that a change adds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ops.diff.consequences import Consequence, subject
from ops.diff.values import is_intrinsic, plain, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.diff.templates import StackChange

_GROUP = "AWS::EC2::SecurityGroup"
ANYWHERE = ("0.0.0.0/0", "::/0")


def judge_network(stack: str, change: StackChange) -> Iterator[Consequence]:
    """Yield what security groups let through that they have refused so far."""
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
        old, new = (
            ((each or {}).get("Properties") or {}).get("SecurityGroupIngress") for each in (one.old, one.new)
        )
        if one.type == _GROUP and old != new and any(is_intrinsic(each) for each in (new, *(new or ()))):
            happens = "what reaches it is computed at the deployment"
            yield Consequence(
                "weaker protection", subject(stack, one.id, _GROUP), happens, "Write the rules out."
            )
    for rule in dict.fromkeys(change.egress.added):
        where = subject(stack, _named(rule.group), _GROUP)
        yield Consequence("note", where, f"may reach {_named(rule.peer)} by {rule.protocol}")


def _named(text: str) -> str:
    """Return a group or a peer by its name; the package gives what it does not know as JSON."""
    try:
        return plain("".join(texts(json.loads(text))))
    except ValueError:
        return plain(text)
