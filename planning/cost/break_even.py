"""Which way to run the endpoint is cheapest at which number of reports a month, and where that changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from planning.answer import Chart, Mark, Series
from planning.cost.modes import lines_of_reports, lines_without_reports, possible_modes
from planning.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    Templates = Sequence[Mapping[str, Any]]

    from planning.assumptions import Assumptions
    from planning.cost.modes import Mode
    from settings.environment import Environment

LEAST, MOST, PER_DECADE = 100, 1_000_000, 8


@dataclass(frozen=True)
class Curves:
    """USD a month of each mode at each number of reports."""

    reports: tuple[float, ...]
    usd: Mapping[Mode, tuple[float, ...]]

    def cheapest(self, *, waiting: bool) -> tuple[Mode, ...]:
        """Return the cheapest mode at each number of reports; `waiting`: reports may wait for a night."""
        modes = [mode for mode in self.usd if waiting or mode != "batch"]
        places = range(len(self.reports))
        return tuple(min(modes, key=lambda mode, at=at: self.usd[mode][at]) for at in places)  # type: ignore[misc]


@dataclass(frozen=True)
class BreakEven:
    """From `reports` a month on, `above` is cheaper than `below`; both then cost `usd` a month."""

    reports: float
    usd: float
    below: Mode
    above: Mode


def curves(settings: Environment, templates: Templates, assumptions: Assumptions) -> Curves:
    """Return the modes' costs from LEAST to MOST reports a month, evenly on a logarithmic axis.

    `templates` are those of the settings: another mode has an alarm more or less, which is 0.10 USD.
    """
    steps = round(PER_DECADE * math.log10(MOST / LEAST))
    reports = tuple(LEAST * (MOST / LEAST) ** (at / steps) for at in range(steps + 1))
    month = _months(settings, templates, assumptions)
    usd = {mode: tuple(month(count, mode) for count in reports) for mode in possible_modes(settings)}
    return Curves(reports, usd)


def break_even(
    settings: Environment, templates: Templates, assumptions: Assumptions, found: Curves | None = None
) -> tuple[BreakEven, ...]:
    """Return where the cheapest mode changes, among those in which a report does not wait for a night."""
    found = found or curves(settings, templates, assumptions)
    month, cheapest = _months(settings, templates, assumptions), found.cheapest(waiting=False)
    points = []
    for at, (below, above) in enumerate(pairwise(cheapest)):
        if below == above:
            continue

        def more(count: float, below: Mode = below, above: Mode = above) -> float:
            return month(count, below) - month(count, above)

        reports = _zero(more, found.reports[at], found.reports[at + 1])
        points.append(BreakEven(reports, month(reports, below), below, above))
    return tuple(points)


def chart(settings: Environment, found: Curves, points: Sequence[BreakEven]) -> Chart:
    """Return the modes' costs for 1,000 reports over the reports of a month, with the break-even points."""
    series = tuple(
        Series(
            mode,
            found.reports,
            tuple(1000 * usd / count for usd, count in zip(values, found.reports, strict=True)),
            style="dashes" if mode == "batch" else "line",
        )
        for mode, values in found.usd.items()
    )
    marks = tuple(
        Mark("x", point.reports, f"from {point.reports:,.0f} on: {point.above}") for point in points
    )
    said = "; ".join(
        f"{point.above} is cheaper from {point.reports:,.0f} reports a month on" for point in points
    )
    return Chart(
        name=f"cost-{settings.name}",
        title=f"{settings.name}: USD for 1,000 reports, by the way the endpoint runs",
        alt=f"1,000 reports cost less in a month that has more of them: {said or 'no two lines cross'}.",
        x_label="reports a month",
        y_label="USD for 1,000 reports",
        series=series,
        marks=marks,
        x_log=True,
        y_log=True,
    )


def _months(
    settings: Environment, templates: Templates, assumptions: Assumptions
) -> Callable[[float, Mode], float]:
    """Return what computes the USD of a month with so many reports in a mode."""
    fixed = sum(line.usd for line in lines_without_reports(settings, templates))

    def month(count: float, mode: Mode) -> float:
        lines = lines_of_reports(settings, Workload(count, assumptions), mode)
        return fixed + sum(line.usd for line in lines)

    return month


def _zero(of: Callable[[float], float], low: float, high: float) -> float:
    """Where a difference changes its sign between two numbers of reports, within a thousandth."""
    start = of(low)
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if (of(middle) > 0) == (start > 0) else (low, middle)
    return math.sqrt(low * high)
