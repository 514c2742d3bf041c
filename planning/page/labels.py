"""What is written into a chart beside its axes: the marks with their labels, and the legend."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from planning.page import scales, svg

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from planning.answer import Chart, Mark
    from planning.page.scales import Width

LABEL_PX = 16


def draw_marks(axes: Axes, chart: Chart, *, lying: bool) -> list[Mark]:
    """Draw the marks' lines, and return the marks that have a place on their axis."""
    log = {"x": chart.x_log, "y": scales.is_log(chart)}
    marks = [mark for mark in chart.marks if math.isfinite(mark.at) and (mark.at > 0 or not log[mark.axis])]
    for mark in marks:
        line = axes.axvline if (mark.axis == "x") != lying else axes.axhline
        line(mark.at, color=svg.MARK, linewidth=1.2, linestyle=(0, (2, 2)))
    return marks


def leave_headroom(axes: Axes, share: float) -> None:
    """Leave the upper share of a plot to labels, at most half of it."""
    scale = axes.yaxis.get_transform()
    low, high = scale.transform(list(axes.get_ylim()))
    _, higher = scale.inverted().transform([low, low + (high - low) / (1 - min(share, 0.5))])
    axes.set_ylim(top=higher)


def label_mark(axes: Axes, mark: Mark, line: int | None) -> None:
    """Label a mark: beside its upright line, in the given line from the top, or above one that lies."""
    where: dict[str, Any]
    if line is not None:
        x, _ = (axes.transData + axes.transAxes.inverted()).transform((mark.at, axes.get_ylim()[1]))
        is_left = x < 0.55
        where = {"xy": (mark.at, 1.0), "xycoords": axes.get_xaxis_transform(), "va": "top"}
        offset, side = (5 if is_left else -5, -2 - LABEL_PX * line), "left" if is_left else "right"
    else:
        where = {"xy": (0.0, mark.at), "xycoords": axes.get_yaxis_transform(), "va": "bottom"}
        offset, side = (4, 3), "left"
    axes.annotate(
        mark.label, xytext=offset, textcoords="offset points", ha=side, color=svg.MARK, annotation_clip=False,
        **where,
    )  # fmt: skip


def draw_legend(figure: Figure, chart: Chart, handles: list[Artist], width: Width) -> int:
    """Say which series is which, where there are several; return the height of the legend in px."""
    if len(handles) < 2:
        return 0
    labels = [textwrap.fill(one.name, width.characters - 6) for one in chart.series]
    columns = _columns([max(map(len, label.split("\n"))) for label in labels], width)
    figure.legend(
        handles, labels, loc="outside upper left", ncols=columns, frameon=False, borderpad=0,
        borderaxespad=0.2, handlelength=2.2, columnspacing=1.6,
    )  # fmt: skip
    lines = max(label.count("\n") + 1 for label in labels)
    return 19 * lines * math.ceil(len(labels) / columns) + 6


def _columns(lengths: list[int], width: Width) -> int:
    """Return in how many columns names of so many characters fit; matplotlib fills one after the other."""
    for columns in range(len(lengths), 1, -1):
        rows = math.ceil(len(lengths) / columns)
        longest = (max(lengths[start : start + rows]) for start in range(0, len(lengths), rows))
        if sum(length * 7.2 + 58 for length in longest) <= width.px:
            return columns
    return 1
