"""What a change costs: two assemblies of the CDK, line by line. Nothing is synthesized."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from planning.answer import Answer, Table
from planning.assumptions import load_assumptions
from planning.cost.assemblies import Assembly, read_assemblies
from planning.cost.bill import Bill, Line, Part, bill
from planning.cost.idle import idle_cost
from planning.cost.modes import monthly
from planning.prices.price_list import price_list
from planning.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from planning.answer import Json

REPORTS = 10_000
# Less than this is the rounding of sums.
_SAME_USD = 1e-9
_NONE = Bill(())


@dataclass(frozen=True)
class Change:
    """An environment's bill of a month before and after; `idle` is that without a request."""

    environment: str
    before: Bill
    after: Bill
    idle_before: float
    idle_after: float

    @property
    def lines(self) -> tuple[tuple[str, Part, float, float], ...]:
        """Name and part of each line that changed, and its USD before and after, largest change first."""
        before, after = ({line.what: line for line in each.lines} for each in (self.before, self.after))
        none = Line("", 0, 0.0)
        changed = [
            (what, (after.get(what) or before[what]).part, old.usd, new.usd)
            for what in before | after
            for old, new in [(before.get(what, none), after.get(what, none))]
            if abs(new.usd - old.usd) > _SAME_USD
        ]
        return tuple(sorted(changed, key=lambda one: -abs(one[3] - one[2])))

    @property
    def items(self) -> tuple[str, ...]:
        """The prices behind the lines that changed."""
        changed = {what for what, *_ in self.lines}
        lines = (*self.before.lines, *self.after.lines)
        return tuple(dict.fromkeys(item for line in lines if line.what in changed for item in line.items))


def cost_diff(old: Path, new: Path, *, workload: Workload | None = None, today: date | None = None) -> Answer:
    """Return what two folders of assemblies cost, by lines that changed; each of one environment or several.

    By default with 10,000 reports a month. An environment that one folder lacks costs nothing there. Where
    the old settings lack a key of today's, that of the new ones is taken, and a note says so. Raises
    PlanningError for a folder without an assembly or settings, and what `monthly` raises.
    """
    workload = workload or Workload(REPORTS, load_assumptions())
    after = read_assemblies(new)
    before = read_assemblies(old, {name: one.settings for name, one in after.items()})
    names = sorted(before.keys() | after.keys())
    changes = [_change(name, before.get(name), after.get(name), workload) for name in names]
    said = [one.note for one in before.values() if one.note] + [
        note
        for one in changes
        for assembly in (before.get(one.environment), after.get(one.environment))
        if assembly is not None
        for note in price_list(assembly.settings.region).notes(one.items, today or date.today())
    ]
    return Answer(
        title=f"Costs of a month, with {workload.reports_per_month:,.0f} reports",
        lead=" ".join(_lead(one) for one in changes),
        tables=tuple(_table(one, workload) for one in changes if one.lines),
        notes=tuple(dict.fromkeys(said)),
        data={
            "reports_month": workload.reports_per_month,
            "environments": [_json(one, workload) for one in changes],
        },
    )


def _change(name: str, old: Assembly | None, new: Assembly | None, workload: Workload) -> Change:
    idle = [bill(idle_cost(one.settings, one.templates)) if one else _NONE for one in (old, new)]
    month = [monthly(one.settings, one.templates, workload) if one else _NONE for one in (old, new)]
    return Change(name, month[0], month[1], idle[0].total, idle[1].total)


def _lead(change: Change) -> str:
    more, idle = change.after.total - change.before.total, change.idle_after - change.idle_before
    if not change.lines:
        return f"{change.environment} costs the same."
    return (
        f"{change.environment}: {_signed(more)} USD a month, from {change.before.total:.2f} to "
        f"{change.after.total:.2f}; without a request {_signed(idle)}."
    )


def _table(change: Change, workload: Workload) -> Table:
    columns = ("what", "USD before", "USD after", "a month", "for 1,000 reports")
    totals: Sequence[tuple[str, Part, float, float]] = (
        ("in all", "reports", change.before.total, change.after.total),
        ("without a request", "idle", change.idle_before, change.idle_after),
    )
    rows = tuple(
        (what, f"{old:.2f}", f"{new:.2f}", _signed(new - old), _per_1000(part, new - old, workload))
        for what, part, old, new in (*change.lines, *totals)
    )
    return Table(change.environment, columns, rows, frozenset(columns[1:]))


def _per_1000(part: Part, usd: float, workload: Workload) -> str:
    """The change for 1,000 reports, of what depends on reports."""
    if part == "idle" or not workload.reports_per_month:
        return ""
    return f"{1000 * usd / workload.reports_per_month:+.3f}"


def _json(change: Change, workload: Workload) -> Json:
    more = change.after.total - change.before.total
    return {
        "environment": change.environment,
        "usd_month_before": change.before.total,
        "usd_month_after": change.after.total,
        "usd_month_change": more,
        "usd_per_1000_reports_change": 1000 * more / (workload.reports_per_month or 1),
        "idle_usd_month_change": change.idle_after - change.idle_before,
        "lines": list(_lines(change)),
    }


def _lines(change: Change) -> Iterator[Json]:
    for what, part, old, new in change.lines:
        yield {"what": what, "part": part, "usd_month_before": old, "usd_month_after": new}


def _signed(usd: float) -> str:
    # No minus before a zero.
    return f"{round(usd, 2) + 0.0:+.2f}"
