"""Alarms that are deleted although what they watch stays: nobody is told any more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject
from ops.diff.paths import at
from ops.diff.rules import rule_book
from ops.diff.values import plain, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ops.diff.templates import ResourceChange, StackChange

_ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


def judge_alarms(stack: str, change: StackChange, renamed: Collection[str]) -> Iterator[Consequence]:
    """Yield the alarms that told somebody and are deleted, but for those of what goes along with them."""
    deleted = {one.id: one for one in change.resources if one.new is None and one.id not in renamed}
    gone = {name for one in deleted.values() for name in _names(one)}
    ended = frozenset(_ended(change))
    for one in deleted.values():
        if one.type not in _ALARMS or one.old is None:
            continue
        # What scales or tells nobody any more goes with its alarm.
        acts = {_plain(text) for text in texts(_properties(one).get("AlarmActions"))} - gone
        if acts and not _goes_along(one, deleted, gone, ended):
            # A topic is named by its ARN, and what scales by its id.
            told = "nobody is told" if any(":" in one for one in acts) else f"{min(acts)} does not act"
            happens = f"is deleted: {told} when it would start"
            yield Consequence("weaker protection", subject(stack, one.id, one.type), happens, "Keep it.")


def _goes_along(
    alarm: ResourceChange,
    deleted: Mapping[str, ResourceChange],
    gone: Collection[str],
    ended: Collection[str],
) -> bool:
    """Say whether what an alarm watches is gone, or can take no value any more at which it would start."""
    properties = _properties(alarm)
    rule = "".join(texts(properties.get("AlarmRule")))
    if parts := re.findall(r"\$\{(\w+)", rule):
        return all(one in deleted and _goes_along(deleted[one], deleted, gone, ended) for one in parts)
    metrics = set(_metrics(properties))
    return bool(set(gone) & set(_watched(properties))) or bool(metrics and metrics <= set(ended))


def _ended(change: StackChange) -> Iterator[str]:
    """Yield the metrics that tell nothing any more, by what changes."""
    for rule in rule_book().metric:
        for one in change.resources:
            if one.type == rule.type and one.old is not None:
                old, new = ([*at(side, rule.path).values()] for side in (one.old, one.new))
                if rule.value in old and rule.value not in new:
                    yield rule.name


def _properties(one: ResourceChange) -> Mapping[str, Any]:
    return (one.old or {}).get("Properties") or {}


def _names(one: ResourceChange) -> Iterator[str]:
    """Yield by what a template names a resource: by its id, or by the name that it gives it."""
    yield one.id
    for key, value in _properties(one).items():
        if key.endswith("Name") and isinstance(value, str):
            yield value


def _metrics(alarm: Any) -> Iterator[str]:
    """Yield the names of an alarm's metrics."""
    yield from (name for name in _under(alarm, "MetricName") if isinstance(name, str))


def _watched(alarm: Any) -> Iterator[str]:
    """Yield the values of the dimensions of an alarm's metrics, without attributes of what they refer to."""
    for dimensions in _under(alarm, "Dimensions"):
        for one in dimensions if isinstance(dimensions, list) else ():
            for text in texts(one.get("Value")):
                yield _plain(text)


def _under(value: Any, key: str) -> Iterator[Any]:
    """Yield what stands under a key, however deep."""
    if isinstance(value, list):
        for one in value:
            yield from _under(one, key)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from [one] if name == key else _under(one, key)


def _plain(text: str) -> str:
    """Return the id of a reference as a whole, also of one to an attribute; other texts as they are."""
    return plain(re.sub(r"^\$\{([^.}]+)[^}]*\}$", r"\1", text))
