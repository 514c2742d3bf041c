"""Who may reach what: rules of security groups that a change adds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ops.diff.consequences import Consequence, subject
from ops.diff.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.diff.templates import StackChange

ANYWHERE = ("0.0.0.0/0", "::/0")


def judge_network(stack: str, change: StackChange) -> Iterator[Consequence]:
    """Yield what security groups let through that they have refused so far."""
    for rule in dict.fromkeys(change.ingress.added):
        where = subject(stack, plain(rule.group), "AWS::EC2::SecurityGroup")
        if rule.peer in ANYWHERE:
            happens = f"{rule.protocol} is open to the whole internet ({rule.peer})"
            yield Consequence("weaker protection", where, happens, "Name the group or network that needs it.")
        elif re.match(r"[0-9a-fA-F.:]+/\d+$", rule.peer):
            happens = f"{rule.protocol} is open to {rule.peer}"
            yield Consequence("weaker protection", where, happens, "Name a security group, not a network.")
        else:
            yield Consequence("note", where, f"{rule.protocol} is open to {plain(rule.peer)}")
    for rule in dict.fromkeys(change.egress.added):
        where = subject(stack, plain(rule.group), "AWS::EC2::SecurityGroup")
        yield Consequence("note", where, f"may reach {plain(rule.peer)} by {rule.protocol}")
