"""Draws a chart as SVG by matplotlib: text as text, colours as CSS variables, for two widths of screens.

A page shows the one of two widths that fits, at its full size, so that no text becomes too small.
"""

from __future__ import annotations

import io
import math
import textwrap
from html import escape
from itertools import cycle
from typing import TYPE_CHECKING, Any

from planning.page import labels, scales, svg
from planning.page.scales import Width

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from planning.answer import Chart, Series

_DPI = 72  # so that matplotlib's points are the page's px
_MARKERS = ("", "o", "s", "^", "D", "v")
_MARKED_POINTS = 8
_DASHES = (0, (3, 1.6))
_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "planning",
    "text.parse_math": False,
    "font.size": 12,
    "font.family": "DejaVu Sans",
    "axes.axisbelow": True,
    "axes.edgecolor": svg.SOFT,
    "axes.labelcolor": svg.SOFT,
    "axes.titlecolor": svg.SOFT,
    "axes.titlesize": 12,
    "axes.titlepad": 10,
    "text.color": svg.INK,
    "xtick.color": svg.SOFT,
    "ytick.color": svg.SOFT,
    "lines.linewidth": 2.0,
    "lines.markersize": 6.0,
    "lines.solid_capstyle": "projecting",
}


WIDE, NARROW = Width("wide", 780, 260), Width("narrow", 330, 230)


def drawing(chart: Chart, width: Width) -> str:
    """Return the chart as one `svg` element, whose accessible name is the chart's `alt`.

    Raises ValueError, which names the chart and the series whose points cannot be drawn.
    """
    shapes, (px, height) = svg.compact(drawn(chart, width), f"{chart.name}-{width.name}-")
    return (
        f'<svg class="chart {width.name}" viewBox="0 0 {px:g} {height:g}" width="{px:g}" height="{height:g}" '
        f'role="img" aria-label="{escape(chart.alt)}">{shapes}</svg>'
    )


def drawn(chart: Chart, width: Width) -> str:
    """Return matplotlib's SVG of the chart, in the colours of `svg.COLOURS`. Raises ValueError."""
    import matplotlib as mpl  # takes half a second
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(_RC):
        figure = Figure(dpi=_DPI, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        places = scales.Places.of(chart, width.px)
        handles = _series(axes, chart, places)
        marks = labels.draw_marks(axes, chart, lying=places.lying)
        _frame(axes, chart, places, width)
        upright = [mark for mark in marks if (mark.axis == "x") != places.lying]
        labels.leave_headroom(axes, labels.LABEL_PX * len(upright) / places.plot_px(width.plot_px))
        for mark in marks:
            labels.label_mark(axes, mark, upright.index(mark) if mark in upright else None)
        legend_px = labels.draw_legend(figure, chart, handles, width)
        titles_px = 16 * (axes.get_title(loc="left").count("\n") + axes.get_xlabel().count("\n") + 1)
        height = places.plot_px(width.plot_px) + legend_px + titles_px + 50
        figure.set_size_inches(width.px / _DPI, height / _DPI)
        file = io.BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return file.getvalue().decode()


def _series(axes: Axes, chart: Chart, places: scales.Places) -> list[Artist]:
    """Draw every series, and return what stands for each in the legend."""
    lines = sum(one.style in ("line", "dashes") for one in chart.series)
    markers = cycle(_MARKERS if lines > 1 else _MARKERS[:1])
    handles: list[Artist] = []
    log, bar = scales.is_log(chart), 0
    base = _least_power(chart) if log else 0.0
    for one, colour in zip(chart.series, cycle(svg.SERIES), strict=False):
        x, y, high = places.of_series(one), _values(one.y, log=log), _values(one.y_high, log=log)
        if len(x) != len(y) or len(high) != (len(y) if one.style == "band" else 0):
            raise ValueError(
                f"{chart.name}: {one.name} has {len(x)} places, {len(y)} values and {len(high)} upper values"
            )
        if one.style == "bars":
            handles.append(_bars(axes, x, y, colour, places, bar, base))
            bar += 1
        elif one.style == "band":
            fill = axes.fill_betweenx if places.lying else axes.fill_between
            handles.append(fill(x, y, high, color=colour, alpha=0.18, linewidth=0))
        else:
            marker = "" if one.style == "points" else next(markers)
            handles.append(_line(axes, one, *((y, x) if places.lying else (x, y)), colour, marker))
    return handles


def _least_power(chart: Chart) -> float:
    """Return the power of ten below every value, where bars of a logarithmic axis begin."""
    least = min(value for one in chart.series for value in (*one.y, *one.y_high) if value > 0)
    return float(10.0 ** (math.ceil(math.log10(least)) - 1))


def _values(values: tuple[float, ...], *, log: bool) -> list[float]:
    """Replace what the axis has no place for by a gap."""
    return [value if math.isfinite(value) and (value > 0 or not log) else math.nan for value in values]


def _line(axes: Axes, one: Series, x: list[float], y: list[float], colour: str, marker: str) -> Artist:
    if one.style == "points":
        (line,) = axes.plot(x, y, "o", color=colour, markersize=5, clip_on=False)
        return line
    (line,) = axes.plot(
        x, y, color=colour, linestyle=_DASHES if one.style == "dashes" else "-", clip_on=False,
        # A line of one point would be invisible.
        marker="o" if len(x) == 1 else marker, markevery=max(1, math.ceil(len(x) / _MARKED_POINTS)),
    )  # fmt: skip
    return line


def _bars(
    axes: Axes, x: list[float], y: list[float], colour: str, places: scales.Places, bar: int, base: float
) -> Artist:
    from matplotlib.patches import Patch

    thick = 0.8 * places.step / places.bars
    shifted = [place + (bar - (places.bars - 1) / 2) * thick for place in x]
    draw = axes.barh if places.lying else axes.bar
    lengths = [value - base for value in y]
    draw(shifted, lengths, thick * 0.92, base, color=colour, linewidth=0, clip_on=False)
    return Patch(color=colour, linewidth=0)


def _frame(axes: Axes, chart: Chart, places: scales.Places, width: Width) -> None:
    """Set scales, ticks, grid and the axes' texts."""
    x_axis, y_axis = (axes.yaxis, axes.xaxis) if places.lying else (axes.xaxis, axes.yaxis)
    log = scales.is_log(chart)
    if log:
        (axes.set_xscale if places.lying else axes.set_yscale)("log")
    if chart.x_log and not places.names:
        axes.set_xscale("log")
    scales.number_axis(y_axis, log=log)
    if places.names:
        places.label(axes)
    else:
        counts = all(float(x).is_integer() for one in chart.series for x in one.x)
        scales.number_axis(x_axis, log=chart.x_log, counts=counts)
    if not log:
        _from_zero(axes, lying=places.lying)
    x_label, y_label = chart.x_label, chart.y_label
    if places.lying:
        # The names say what they are.
        x_label, y_label = y_label, ""
    axes.set_title(textwrap.fill(y_label, width.characters), loc="left")
    axes.set_xlabel(textwrap.fill(x_label, width.characters))
    axes.tick_params(which="both", left=False, bottom=False)
    axes.spines[["top", "right", "bottom" if places.lying else "left"]].set_visible(False)
    axes.grid(axis="x" if places.lying else "y", color=svg.RULE, linewidth=1, clip_on=False)


def _from_zero(axes: Axes, *, lying: bool) -> None:
    """Begin an axis at 0 where no value is below: lengths are compared."""
    low, high = axes.get_xlim() if lying else axes.get_ylim()
    lowest = axes.dataLim.x0 if lying else axes.dataLim.y0
    if lowest >= 0:
        (axes.set_xlim if lying else axes.set_ylim)(0, high if high > 0 else 1)
    elif high < 0:
        (axes.set_xlim if lying else axes.set_ylim)(low, 0)
