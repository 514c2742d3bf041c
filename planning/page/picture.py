"""A chart as a picture of its own, for the documents: in the colours that its reader prefers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from planning.page import svg
from planning.page.charts import WIDE, drawn
from planning.page.page import stylesheet

if TYPE_CHECKING:
    from planning.answer import Chart

_MARGIN_PX, _TITLE_PX = 16, 30


def picture(chart: Chart) -> str:
    """Return an SVG file with the chart and its title. Raises ValueError, as `charts.drawing` does."""
    shapes, (width, height) = svg.compact(drawn(chart, WIDE), "")
    style = stylesheet("colours.css", "chart.css")
    across, down = width + 2 * _MARGIN_PX, height + 2 * _MARGIN_PX + _TITLE_PX
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {across:g} {down:g}" '
        f'width="{across:g}" height="{down:g}" role="img" aria-label="{escape(chart.alt)}">\n'
        f"<style>\n{style}\n.chart .title {{ font-weight: 600; font-size: 15px; }}\n</style>\n"
        f'<rect width="100%" height="100%" rx="10" style="fill:var(--surface)"/>\n'
        f'<text class="title" x="{_MARGIN_PX}" y="{_MARGIN_PX + 14}">{escape(chart.title)}</text>\n'
        f'<g transform="translate({_MARGIN_PX} {_MARGIN_PX + _TITLE_PX})">{shapes}</g>\n</svg>\n'
    )
