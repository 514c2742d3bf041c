"""What a change costs in a month and for 1,000 reports, by the planner's comparison of two folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planning.cost.diff import cost_diff
from planning.errors import PlanningError

if TYPE_CHECKING:
    from pathlib import Path

# Less than this is not shown: it is the rounding of prices.
_SHOWN_USD = 0.005


@dataclass(frozen=True)
class CostChange:
    """How much more an environment costs: USD a month without a request, and USD for 1,000 reports.

    `month_before` and `month_after` are USD of a month with `reports` reports. `lines` are the largest
    changes of such a month: what, and USD.
    """

    idle: float
    per_1000: float
    month_before: float
    month_after: float
    reports: float
    lines: tuple[tuple[str, float], ...]

    @property
    def is_nothing(self) -> bool:
        """Whether everything costs the same, to the cent."""
        figures = (self.idle, self.per_1000, self.month_after - self.month_before)
        return all(abs(one) < _SHOWN_USD for one in figures)


def cost_changes(old: Path, new: Path) -> dict[str, CostChange] | str:
    """Return what a deployment costs more, by environment; a sentence that says why where it is not known."""
    try:
        data: Any = cost_diff(old, new).data
    except PlanningError as error:
        return f"Costs are not known: {error} {error.hint}".strip()
    return {one["environment"]: _change(one, data["reports_month"]) for one in data["environments"]}


def _change(one: Any, reports: float) -> CostChange:
    more = [(line["what"], line["usd_month_after"] - line["usd_month_before"]) for line in one["lines"]]
    by_reports = one["usd_month_change"] - one["idle_usd_month_change"]
    return CostChange(
        idle=one["idle_usd_month_change"],
        per_1000=1000 * by_reports / reports if reports else 0.0,
        month_before=one["usd_month_before"],
        month_after=one["usd_month_after"],
        reports=reports,
        lines=tuple((what, usd) for what, usd in more if abs(usd) >= _SHOWN_USD),
    )


def signed(usd: float, digits: int = 2) -> str:
    """Return an amount with its sign, as in +3.65; no minus before a zero."""
    return f"{round(usd, digits) + 0.0:+.{digits}f}"
