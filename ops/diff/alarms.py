"""Alarms that are deleted although what they watch stays: nobody is told any more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject
from ops.diff.values import texts

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ops.diff.templates import ResourceChange, StackChange

_ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


def judge_alarms(stack: str, change: StackChange, renamed: Container[str]) -> Iterator[Consequence]:
    """Yield the alarms that told somebody and are deleted, but for those of what goes along with them."""
    gone = {name for one in change.resources if one.new is None for name in _names(one)}
    for one in change.resources:
        if one.type not in _ALARMS or one.new is not None or one.old is None or one.id in renamed:
            continue
        properties = one.old.get("Properties", {})
        # What scales or tells nobody any more goes with its alarm.
        acts = {_plain(text) for text in texts(properties.get("AlarmActions"))} - gone
        if acts and not gone & set(_watched(properties)):
            where = subject(stack, one.id, one.type)
            happens = "is deleted: nobody is told when it would start"
            yield Consequence("weaker protection", where, happens, "Keep it.")


def _names(one: ResourceChange) -> Iterator[str]:
    """Yield by what a template names a resource: by its id, or by the name that it gives it."""
    yield one.id
    properties = (one.old or {}).get("Properties") or {}
    for key, value in properties.items():
        if key.endswith("Name") and isinstance(value, str):
            yield value


def _watched(value: Any) -> Iterator[str]:
    """Yield the values of the dimensions of an alarm's metrics, without attributes of what they refer to."""
    if isinstance(value, list):
        for one in value:
            yield from _watched(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key == "Dimensions" and isinstance(one, list):
                for each in one:
                    for text in texts(each.get("Value")):
                        yield _plain(text)
            else:
                yield from _watched(one)


def _plain(text: str) -> str:
    """Return the id of a reference as a whole, also of one to an attribute; other texts as they are."""
    return re.sub(r"^\$\{([^.}]+)[^}]*\}$", r"\1", text)
