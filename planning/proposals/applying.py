"""The answer of `python -m planning apply`, and the text of the changed settings."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from cli.settings_file import with_added
from planning.answer import Answer, Table
from planning.prices.price_list import price_list

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from planning.cost.bill import Bill
    from planning.proposals.changes import Change
    from planning.proposals.needs import Needs
    from settings.environment import Environment


def with_changes(text: str, found: Sequence[Change]) -> str:
    """Return the settings with the changed values, and comments and layout as they are."""
    for change in found:
        text = with_added(text, change.key, change.after)
    return text


def unified_diff(file: Path, before: str, after: str) -> str:
    """Return the change of a file, as `diff -u` prints it; empty where there is none."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(file), f"{file}, proposed", lineterm=""
    )
    return "\n".join(lines)


def apply_answer(
    settings: Environment,
    needed: Needs,
    found: Sequence[Change],
    now_usd: float,
    bill: Bill,
    basis: str,
    today: date,
) -> Answer:
    """Return what to change in the settings and why.

    `now_usd` is a month's cost with the settings as they are, `bill` with the changes. `basis` says which
    reports were planned for.
    """
    reports = needed.workload.reports_per_month
    many = {0: "Nothing", 1: "One setting"}.get(len(found), f"{len(found)} settings")
    lead = f"{many} to change in {settings.name}: {reports:,.0f} reports cost {now_usd:.2f} USD a month"
    if found:
        lead += f", and {bill.total:.2f} USD with the changes"
    notes = [f"Planned for {basis}."]
    if needed.endpoint is None:
        notes.append(
            f"No number of {settings.model.instance_type} in mode {settings.model.mode} meets the goal of "
            f"{settings.alarms.report_goal_s} s, so its bounds stay. `python -m planning latency` has others."
        )
    elif needed.endpoint.min_instances and not settings.model.min_instances:
        notes.append(
            "Cheaper than an instance that always runs may be one in the hours of [model.schedule], or "
            "another type: `python -m planning latency`."
        )
    if needed.estimated:
        notes.append(f"The seconds of {settings.model.instance_type} are estimated.")
    return Answer(
        title=f"Settings of {settings.name} for {reports:,.0f} reports a month",
        lead=f"{lead}.",
        tables=(_table(found),) if found else (),
        notes=(*notes, *price_list(settings.region).notes(bill.items, today)),
        data={
            "environment": settings.name,
            "reports_per_month": reports,
            "usd_month_now": now_usd,
            "usd_month": bill.total,
            "changes": [
                {"key": one.key, "before": one.before, "after": one.after, "why": one.why} for one in found
            ],
        },
    )


def _table(found: Sequence[Change]) -> Table:
    columns = ("setting", "now", "proposed", "why")
    rows = tuple(
        (one.key, "–" if one.before is None else f"{one.before:g}", f"{one.after:g}", one.why)
        for one in found
    )
    return Table("What to change", columns, rows, frozenset({"now", "proposed"}))
