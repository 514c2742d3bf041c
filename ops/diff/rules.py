"""The rules by which a change of a resource is judged, and applying them: see rules.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter

from ops.diff.consequences import Consequence, Severity, subject
from ops.diff.templates import REPLACED
from ops.diff.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.templates import ResourceChange


@dataclass(frozen=True)
class PropertyRule:
    """A rule of rules.toml, which describes its fields."""

    types: tuple[str, ...]
    path: str
    worse: Literal["less", "leaves", "joins", "gone", "comes", "changes"]
    severity: Severity
    happens: str
    remedy: str = ""
    values: tuple[Any, ...] = ()
    absent: float = inf
    of_new: bool = True


@dataclass(frozen=True)
class RuleBook:
    """All rules: what is lost with a type, what fails without it, what rolls, and what properties mean."""

    data: dict[str, str]
    serving: dict[str, str]
    rolling: dict[str, str]
    property: tuple[PropertyRule, ...]


@cache
def rule_book() -> RuleBook:
    """Return the rules of rules.toml."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return TypeAdapter(RuleBook).validate_python(tomllib.loads(text))


def judge_properties(stack: str, change: ResourceChange) -> Iterator[Consequence]:
    """Yield what the changed properties of a resource lead to; nothing of one that is gone."""
    if change.new is None:
        return
    for rule in rule_book().property:
        if change.type not in rule.types and "*" not in rule.types:
            continue
        old, new = _at(change.old, rule.path), _at(change.new, rule.path)
        if _applies(rule, old, new, is_new=change.old is None):
            happens = rule.happens.format(old=shown(old), new=shown(new))
            yield Consequence(rule.severity, subject(stack, change.id, change.type), happens, rule.remedy)


def judge_serving(stack: str, change: ResourceChange) -> Iterator[Consequence]:
    """Yield what users notice where a resource that serves them is replaced or taken away."""
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
        "Deploy in a quiet hour, or undo what replaces it.",
    )


def _applies(rule: PropertyRule, old: Any, new: Any, *, is_new: bool) -> bool:
    if old == new or (is_new and (rule.worse not in ("joins", "comes") or not rule.of_new)):
        return False
    match rule.worse:
        case "less":
            return _number(new, rule.absent) < _number(old, rule.absent)
        case "leaves":
            return old in rule.values and new not in rule.values
        case "joins":
            return new in rule.values and old not in rule.values
        case "gone":
            return new is None
        case "comes":
            return old is None
        case "changes":
            return old is not None and new is not None


def _number(value: Any, absent: float) -> float:
    # What is computed at the deployment cannot be compared: it counts as what is absent.
    try:
        return absent if value is None else float(value)
    except (TypeError, ValueError):
        return absent


def _at(resource: Mapping[str, Any] | None, path: str) -> Any:
    """Return the value at a path below the properties, or of the resource itself where it begins with /."""
    value: Any = resource if path.startswith("/") else (resource or {}).get("Properties")
    for part in path.removeprefix("/").split("."):
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value
