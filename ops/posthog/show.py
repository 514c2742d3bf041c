"""How a plan is shown: as a diff for people, as data for programs."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from ops.posthog.changes import Change, Difference, Plan
    from ops.posthog.found import Found
    from settings.schema import PostHog

_MARKS = {"create": ("+", "green"), "change": ("~", "yellow"), "delete": ("-", "red")}


def show(plan: Plan, found: Found, settings: PostHog, console: Console) -> None:
    """Print each change with its fields, and how many alerts there are."""
    others = len(found.alerts_of_others)
    console.print(
        f"Project {settings.project_id} of {settings.api_url}: {len(found.alerts) - others} alerts of "
        f"{found.prefix.rstrip(' ·')}, {others} of others."
    )
    for change in plan.changes:
        mark, style = _MARKS[change.action]
        console.print(f"{mark} {change.kind} {_printable(change.name)}", style=style)
        for line in _lines(change):
            console.print(f"    {line}")
    console.print(summary(plan))


def summary(plan: Plan) -> str:
    """Return how many objects are created, changed and deleted, in a sentence."""
    if not plan.changes:
        return "Nothing changes."
    counts = {action: len(plan.of(action)) for action in ("create", "change", "delete")}
    return ", ".join(f"{count} to {action}" for action, count in counts.items() if count) + "."


def as_json(plan: Plan, found: Found, settings: PostHog, *, applied: bool) -> str:
    """Return the plan as one JSON object."""
    others = len(found.alerts_of_others)
    changes: list[dict[str, Any]] = [
        {
            "action": change.action,
            "kind": change.kind,
            "name": change.name,
            "id": change.id,
            "fields": [
                {"name": one.name, "before": one.before, "after": one.after} for one in change.differences
            ],
        }
        for change in plan.changes
    ]
    return json.dumps(
        {
            "project": settings.project_id,
            "alerts": {"ours": len(found.alerts) - others, "others": others},
            "applied": applied,
            "changes": changes,
        },
        indent=2,
        ensure_ascii=False,
    )


def _lines(change: Change) -> Iterator[str]:
    if change.action == "create" and change.kind == "alert":
        bounds = change.body["threshold"]["configuration"]["bounds"]
        yield f"{change.body['config']['column']} over {bounds['upper']:g}, checked hourly"
    if change.action == "create" and change.on:
        yield f"on: {change.on}"
    for difference in change.differences:
        yield from _compared(difference)
    if change.note:
        yield change.note


def _compared(difference: Difference) -> Iterator[str]:
    before, after = difference.before, difference.after
    if isinstance(before, str) and isinstance(after, str) and "\n" in f"{before}{after}":
        yield f"{difference.name}:"
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        yield from (f"  {_printable(line)}" for line in lines if not line.startswith(("---", "+++", "@@")))
        return
    yield f"{difference.name}: {_short(before)} → {_short(after)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else "absent" if value is None else json.dumps(value)
    line = _printable(" ".join(text.split()))
    return line if len(line) <= 60 else f"{line[:57]}…"


def _printable(text: str) -> str:
    """Names in a project are anybody's; one must not move the cursor of a terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)
