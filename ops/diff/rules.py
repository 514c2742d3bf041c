"""The rules by which a change of a resource is judged, and applying them: see rules.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter

from ops.diff.consequences import Consequence, Severity, subject
from ops.diff.templates import REPLACED
from ops.diff.values import by_name, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ops.diff.templates import ResourceChange


_LATER = "Deploy in a quiet hour, or undo what replaces it."
# Minutes of the units of a schedule.
_UNITS = {"minute": 1, "hour": 60, "day": 1440}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


@dataclass(frozen=True)
class PropertyRule:
    """A rule of rules.toml, which describes its fields."""

    types: tuple[str, ...]
    path: str
    worse: Literal["less", "more", "leaves", "joins", "gone", "comes", "changes"]
    severity: Severity
    happens: str
    remedy: str = ""
    values: tuple[Any, ...] = ()
    absent: Any = None
    of_new: bool | None = None


@dataclass(frozen=True)
class AccessRules:
    """What tells a wide permission from a narrow one; rules.toml describes each list."""

    wide_policies: tuple[str, ...]
    governing: tuple[str, ...]
    without_resource: tuple[str, ...]


@dataclass(frozen=True)
class RuleBook:
    """All rules: what is lost with a type, what fails or stops without it, and what properties mean."""

    access: AccessRules
    data: dict[str, str]
    serving: dict[str, str]
    rolling: dict[str, str]
    driving: dict[str, str]
    guarding: dict[str, str]
    property: tuple[PropertyRule, ...]


@cache
def rule_book() -> RuleBook:
    """Return the rules of rules.toml."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return TypeAdapter(RuleBook).validate_python(tomllib.loads(text))


def judge_properties(
    stack: str, change: ResourceChange, *, goes_along: bool = False
) -> Iterator[Consequence]:
    """Yield what the changed properties of a resource lead to, and what ends with it where it is gone.

    `goes_along` says that what it reads or listens to is gone, too.
    """
    where = subject(stack, change.id, change.type)
    if change.new is None:
        if (lost := rule_book().guarding.get(change.type)) is not None:
            yield Consequence("weaker protection", where, f"is deleted: {lost}", "Keep it.")
        if (stops := rule_book().driving.get(change.type)) is not None and not goes_along:
            remedy = "Keep it, or see that nothing waits for it."
            yield Consequence("interruption", where, f"is deleted: {stops}", remedy)
        return
    for rule in rule_book().property:
        if change.type not in rule.types and "*" not in rule.types:
            continue
        before, after = _at(change.old, rule.path), _at(change.new, rule.path)
        found = dict.fromkeys(
            rule.happens.format(old=shown(rule.absent if old is None else old), new=shown(new))
            for place in before | after
            for old, new in [(before.get(place), after.get(place))]
            # What is gone with all that it stood in has protected nothing else.
            if (rule.worse != "gone" or place in after or rule.path.endswith("*"))
            and _applies(rule, old, new, is_new=change.old is None)
        )
        for happens in found:
            yield Consequence(rule.severity, where, happens, rule.remedy)


def judge_serving(stack: str, change: ResourceChange) -> Iterator[Consequence]:
    """Yield what users notice where a resource that serves them is replaced or taken away."""
    if change.becomes is not None:
        refused = f"CloudFormation refuses to make it a {change.becomes}, and the deployment rolls back"
        where = subject(stack, change.id, change.type)
        yield Consequence("interruption", where, refused, "Give the new resource a logical id of its own.")
    rolls = rule_book().rolling.get(change.type)
    if rolls is not None and change.impact in REPLACED:
        yield Consequence("note", subject(stack, change.id, change.type), rolls)
    happens = rule_book().serving.get(change.type)
    if happens is None or change.old is None or not (change.impact in REPLACED or change.new is None):
        return
    done = {"MAY_REPLACE": "may be replaced", "WILL_REPLACE": "is replaced"}.get(change.impact, "is deleted")
    because = f" because of {', '.join(change.replacing)}" if change.replacing else ""
    yield Consequence(
        "interruption",
        subject(stack, change.id, change.type),
        f"{done}{because}: {happens}",
        "Keep it, or see that nobody calls it any more." if change.new is None else _LATER,
    )


def _applies(rule: PropertyRule, old: Any, new: Any, *, is_new: bool) -> bool:
    of_new = rule.worse in ("joins", "comes") if rule.of_new is None else rule.of_new
    if is_new and not of_new:
        return False
    given = (old, new)
    old, new = (rule.absent if one is None else one for one in given)
    if is_new:
        old = None
    if old == new:
        return False
    match rule.worse:
        case "less":
            # What is computed at the deployment may be less.
            return _number(new, -inf) < _number(old, inf)
        case "more":
            return _number(new, inf) > _number(old, -inf)
        case "leaves":
            left = new is not None if is_new else old in rule.values
            return left and new not in rule.values
        case "joins":
            return any(one in rule.values for one in _branches(new)) and old not in rule.values
        case "gone":
            return new is None
        case "comes":
            return old is None
        case "changes":
            return None not in given


def _number(value: Any, computed: float) -> float:
    if isinstance(value, str) and (rate := _RATE.fullmatch(value)):
        return int(rate[1]) * _UNITS[rate[2]]
    try:
        return inf if value is None else float(value)
    except (TypeError, ValueError):
        return computed


def _branches(value: Any) -> list[Any]:
    """Return the values that a value may become, by its conditions."""
    if isinstance(value, dict) and "Fn::If" in value:
        return [each for one in value["Fn::If"][1:] for each in _branches(one)]
    return [value]


def _at(resource: Mapping[str, Any] | None, path: str) -> dict[str, Any]:
    """Return the values at a path by their places, of which a path without * has one.

    The path begins below the properties, or at the resource itself where it begins with /.
    """
    value: Any = resource if path.startswith("/") else (resource or {}).get("Properties")
    return dict(_values(value, path.removeprefix("/").split("."), ""))


def _values(value: Any, path: Sequence[str], place: str) -> Iterator[tuple[str, Any]]:
    value = by_name(value)
    if not path:
        # CloudFormation takes a boolean as text, too, and an empty list is nothing.
        plain = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
        yield place, None if plain == [] else plain
    elif path[0] == "*":
        inside = dict(enumerate(value)) if isinstance(value, list) else value
        for key, one in inside.items() if isinstance(inside, dict) else ():
            yield from _values(one, path[1:], f"{place}.{key}")
    elif isinstance(value, dict):
        # A name may have dots itself, as an attribute of a load balancer.
        whole = ".".join(path)
        rest = () if whole in value else path[1:]
        yield from _values(value.get(whole if whole in value else path[0]), rest, place)
    else:
        yield place, None
