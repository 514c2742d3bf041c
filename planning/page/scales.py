"""How wide a chart is, where its points lie on its axes, and how the axes are labelled."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from planning.answer import Chart, Series

_CHARACTER_PX = 7.5  # of the axes' text, at most
_LINE_PX = 15
_BAR_PX = 18  # of a bar that lies
_GAP_PX = 14
_NAMES_SHARE = 0.4  # of a chart's width, for names on the left
_SHORT = 3
_MOST_TICKS = 7
_MANY_DECADES = 300
_HALF_YEAR = 6


@dataclass(frozen=True)
class Width:
    """A width of screens: `px` of a chart there, and the height of what it draws its points in."""

    name: str
    px: int
    plot_px: int

    @property
    def characters(self) -> int:
        """How many characters of the axes' texts fit into a line, at least."""
        return self.px // 8


@dataclass(frozen=True)
class Places:
    """Where the points of a chart lie: at their numbers, or at the places of their names.

    Bars whose names do not fit side by side lie: names then stand on the left, one below the other.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    lying: bool
    bars: int
    every: int
    step: float

    @classmethod
    def of(cls, chart: Chart, width_px: int) -> Places:
        """Return the places of a chart that is `width_px` wide."""
        names = tuple(dict.fromkeys(x for one in chart.series for x in one.x if isinstance(x, str)))
        bars = [one for one in chart.series if one.style == "bars"]
        room, longest = (width_px - 60) / max(1, len(names)), max(map(len, names), default=0)
        needed = longest * _CHARACTER_PX + 6
        # Short names, as of hours, may be thinned out; others may not.
        lying = bool(bars and names) and needed > room and longest > _SHORT
        characters = int(width_px * _NAMES_SHARE / _CHARACTER_PX)
        return cls(
            names=names,
            labels=tuple(textwrap.fill(name, characters) if lying else name for name in names),
            lying=lying,
            bars=len(bars),
            every=1 if lying else max(1, math.ceil(needed / room)),
            step=_least_step(bars),
        )

    def of_series(self, one: Series) -> list[float]:
        """Return the places of a series' points."""
        return [float(self.names.index(x)) if isinstance(x, str) else x for x in one.x]

    def plot_px(self, usual: int) -> int:
        """Return the height of the plot."""
        if not self.lying:
            return usual
        lines = max(label.count("\n") + 1 for label in self.labels)
        return len(self.names) * max(self.bars * _BAR_PX + _GAP_PX, lines * _LINE_PX + 6)

    def label(self, axes: Axes) -> None:
        """Write the names along their axis, where there are names."""
        if not self.names:
            return
        limits = (-0.5, len(self.names) - 0.5)
        if self.lying:
            axes.set_ylim(*reversed(limits))  # the first on top
            axes.set_yticks([])
            for place, label in enumerate(self.labels):
                _write_left(axes, place, label.split("\n"))
            return
        shown = range(0, len(self.names), self.every)
        axes.set_xticks(list(shown), [self.labels[place] for place in shown])
        axes.set_xlim(*limits)
        # An accent makes a name higher, and must not move it.
        axes.tick_params(axis="x", pad=14)
        for name in axes.get_xticklabels():
            name.set_verticalalignment("baseline")


def _write_left(axes: Axes, place: float, lines: list[str]) -> None:
    # Of a text of several lines, matplotlib places each by its width in its own font.
    for number, line in enumerate(lines):
        down = (number - (len(lines) - 1) / 2) * _LINE_PX
        axes.annotate(
            line, (0, place), (-7, -down - 4), xycoords=axes.get_yaxis_transform(),
            textcoords="offset points", ha="right", va="baseline", color=axes.yaxis.label.get_color(),
        )  # fmt: skip


def is_log(chart: Chart) -> bool:
    """Say whether a logarithmic axis has anything to show."""
    return chart.y_log and any(value > 0 for one in chart.series for value in (*one.y, *one.y_high))


def _least_step(bars: list[Series]) -> float:
    numbers = sorted({x for one in bars for x in one.x if not isinstance(x, str)})
    return min((b - a for a, b in pairwise(numbers)), default=1.0)


def number_axis(axis: Axis, *, log: bool, counts: bool = False) -> None:
    """Give an axis of numbers few ticks with short labels; `counts` is of one of months or hours."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter

    low, high = axis.get_data_interval()
    if log:
        is_short = low > 0 and high / low < _MANY_DECADES
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if is_short else (1,), numticks=_MOST_TICKS))
        axis.set_minor_formatter(NullFormatter())
    elif counts and _HALF_YEAR < high - low <= 6 * _HALF_YEAR:
        axis.set_major_locator(MultipleLocator(_HALF_YEAR))
    else:
        axis.set_major_locator(MaxNLocator(_MOST_TICKS - 1, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def short(value: float) -> str:
    """Return a number as a tick says it: 0.25, 7.5, 1,500, 25k, 1.5M, 2e+15."""
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.3g}"
    for unit, least in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e4)):
        if size >= least:
            return f"{value / (1e3 if unit == 'k' else least):.4g}{unit}"
    return f"{value:,.0f}" if size >= 1000 else f"{value:.4g}"
