"""The rules by which a change of a resource is judged, and applying them: see rules.toml and properties/."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter

from ops.diff.consequences import Consequence, Severity, subject
from ops.diff.paths import at
from ops.diff.templates import REPLACED
from ops.diff.values import is_intrinsic, is_same, plain, shown, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.templates import ResourceChange


_LATER = "Deploy in a quiet hour, or undo what replaces it."
# Minutes of the units of a schedule.
_UNITS = {"minute": 1, "hour": 60, "day": 1440}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
# Of a key, services take the id (Ref) and the ARN alike.
_KEY = re.compile(r"kms(master)?keyid$", re.IGNORECASE)


@dataclass(frozen=True)
class PropertyRule:
    """A rule of properties/*.toml; rules.toml describes its fields."""

    types: tuple[str, ...]
    path: str | tuple[str, ...]
    worse: Literal["less", "more", "leaves", "joins", "gone", "comes", "changes"]
    severity: Severity
    happens: str
    remedy: str = ""
    values: tuple[Any, ...] = ()
    within: str | None = None
    absent: Any = None
    of_new: bool | None = None


@dataclass(frozen=True)
class AccessRules:
    """What tells a wide permission from a narrow one; rules.toml describes each list."""

    wide_policies: tuple[str, ...]
    governing: tuple[str, ...]
    without_resource: tuple[str, ...]


@dataclass(frozen=True)
class Single:
    """By which properties one resource is told from another, and what happens to a second one."""

    by: tuple[str, ...]
    because: str = ""


@dataclass(frozen=True)
class Metric:
    """A metric at which an alarm can start only where a property has a value."""

    name: str
    type: str
    path: str
    value: Any


@dataclass(frozen=True)
class RuleBook:
    """All rules: what is lost with a type, what fails or stops without it, and what properties mean."""

    access: AccessRules
    data: dict[str, str]
    serving: dict[str, str]
    rolling: dict[str, str]
    driving: dict[str, str]
    guarding: dict[str, str]
    single: dict[str, Single]
    metric: tuple[Metric, ...]
    property: tuple[PropertyRule, ...]


@cache
def rule_book() -> RuleBook:
    """Return the rules of rules.toml, and those of properties by their files."""
    here = Path(__file__).parent
    files = [here / "rules.toml", *sorted(here.glob("properties/*.toml"))]
    book, *others = (tomllib.loads(file.read_text("utf-8")) for file in files)
    book["property"] = [rule for one in (book, *others) for rule in one.get("property", ())]
    return TypeAdapter(RuleBook).validate_python(book)


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
        if rule.within is not None and None in (at(change.new, rule.within) or {"": None}).values():
            continue
        paths = (rule.path,) if isinstance(rule.path, str) else rule.path
        for happens in dict.fromkeys(text for path in paths for text in _found(rule, path, change)):
            yield Consequence(rule.severity, where, happens, rule.remedy)


def _found(rule: PropertyRule, path: str, change: ResourceChange) -> Iterator[str]:
    before, after = at(change.old, path), at(change.new, path)
    for place in before | after:
        old, new = before.get(place), after.get(place)
        # What is gone with all that it stood in has protected nothing else.
        if place not in after and not path.endswith("*") and (rule.worse == "gone" or _is_left(place, after)):
            continue
        if old is not None and new is not None and _KEY.search(path) and _key(old) == _key(new):
            continue
        if _applies(rule, old, new, is_new=change.old is None):
            named = place.removeprefix(".") or path.rpartition(".")[2]
            old, new = (shown(rule.absent if one is None else one) for one in (old, new))
            yield rule.happens.format(old=old, new=new, place=named)


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
    old, new = (rule.absent if one is None else one for one in (old, new))
    if is_new:
        old = None
    if is_same(old, new):
        return False
    match rule.worse:
        case "less":
            # What is computed at the deployment may be less.
            return _number(new, -inf) < _number(old, inf)
        case "more":
            return new is not None and _number(new, inf) > _number(old, -inf)
        case "leaves":
            left = new is not None if is_new else _is_one(old, rule.values)
            return left and not _is_one(new, rule.values)
        case "joins":
            return any(_is_one(one, rule.values) for one in _branches(new)) and not _is_one(old, rule.values)
        case "gone":
            return new is None
        case "comes":
            return old is None and not _is_one(new, rule.values)
        case "changes":
            return None not in (old, new)


def _key(value: Any) -> str:
    return plain("".join(texts(value))).removesuffix(".Arn")


def _number(value: Any, computed: float) -> float:
    if isinstance(value, str) and (rate := _RATE.fullmatch(value)):
        return int(rate[1]) * _UNITS[rate[2]]
    try:
        return inf if value is None else float(value)
    except (TypeError, ValueError):
        return computed


def _is_left(place: str, after: Mapping[str, Any]) -> bool:
    """Say whether what a place stood beside is still there, and not the list as a whole gone."""
    return not any(place.startswith(one) for one in after)


def _is_one(value: Any, values: tuple[Any, ...]) -> bool:
    """Say whether a value is one of those, or its text is like one of their patterns."""
    if value in values:
        return True
    if not isinstance(value, str) and not is_intrinsic(value):
        return False
    text = "".join(texts(value))
    return any(isinstance(one, str) and fnmatchcase(text, one) for one in values)


def _branches(value: Any) -> list[Any]:
    """Return the values that a value may become, by its conditions."""
    if isinstance(value, dict) and "Fn::If" in value:
        return [each for one in value["Fn::If"][1:] for each in _branches(one)]
    return [value]
