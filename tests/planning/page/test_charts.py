"""Charts as SVG: valid, the same each time, texts as text, colours by variables, every value in its place."""

import math
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from planning.answer import Chart, Mark, Series
from planning.page.charts import NARROW, WIDE, drawing
from planning.page.scales import Width
from tests.planning.page.plans import BREAK_EVEN, BUCKET, HOSTILE, HOURS, REGIONS, ROUND_TRIPS

WIDTHS = pytest.mark.parametrize("width", [WIDE, NARROW], ids=lambda width: width.name)
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


def tree(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - ours


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in tree(svg).iter("text")]


@WIDTHS
@pytest.mark.parametrize("chart", [BUCKET, BREAK_EVEN, ROUND_TRIPS, HOURS], ids=lambda chart: chart.name)
def test_texts_stay_texts(chart: Chart, width: Width) -> None:
    words = set(texts(drawing(chart, width)))
    assert chart.y_label in words
    assert {mark.label for mark in chart.marks} <= words
    if len(chart.series) > 1:
        assert {one.name for one in chart.series} <= words


@WIDTHS
def test_colours_are_variables(width: Width) -> None:
    svg = drawing(BUCKET, width)
    assert not re.search(r"#[0-9a-fA-F]{6}|font-family", svg)
    assert {"var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--mark)"} <= set(
        re.findall(r"var\([a-z0-9-]+\)", svg)
    )


def test_same_chart_gives_the_same_drawing() -> None:
    assert drawing(BUCKET, WIDE) == drawing(BUCKET, WIDE)


def test_name_of_the_drawing_is_its_alternative_text() -> None:
    root = tree(drawing(replace(BUCKET, alt='10 GB < "20 GB"'), WIDE))
    assert root.get("role") == "img"
    assert root.get("aria-label") == '10 GB < "20 GB"'


def test_ids_differ_between_drawings() -> None:
    both = drawing(BUCKET, WIDE) + drawing(BUCKET, NARROW) + drawing(HOURS, WIDE)
    ids = re.findall(r' id="([^"]+)"', both)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', both)) == set(ids)


def test_markup_in_a_name_is_text() -> None:
    chart = replace(BUCKET, y_label="$a$ <b>&", alt=HOSTILE.replace("\x07", ""))
    assert "$a$ <b>&" in texts(drawing(chart, WIDE))


def test_bars_with_long_names_lie() -> None:
    def heights(width: Width) -> set[float]:
        # The first line of each name.
        names = {name.split()[0] for name in REGIONS}
        found = [one for one in tree(drawing(ROUND_TRIPS, width)).iter("text") if one.text]
        return {float(one.get("y", "")) for one in found if (one.text or "").split()[0] in names}

    assert len(heights(WIDE)) == 1
    assert len(heights(NARROW)) == len(REGIONS)


def test_names_of_lying_bars_leave_room() -> None:
    names = tuple(f"a name of more than forty characters, number {number}" for number in range(3))
    chart = replace(ROUND_TRIPS, series=(Series("estimated", names, (1.0, 2.0, 3.0), "bars"),))
    lines = [one for one in tree(drawing(chart, NARROW)).iter("text") if "more" in (one.text or "")]
    assert len(lines) == 3
    assert all(float(line.get("x", "")) <= NARROW.px / 2 for line in lines)


def test_hours_are_thinned_out_where_it_is_narrow() -> None:
    hours = {str(hour) for hour in range(24)}
    assert hours <= set(texts(drawing(HOURS, WIDE)))
    shown = sorted(int(text) for text in texts(drawing(HOURS, NARROW)) if text in hours)
    assert set(range(0, 24, 2)) <= set(shown)
    assert 23 not in shown


def test_labels_of_marks_stand_apart() -> None:
    marks = tuple(Mark("x", 12 + number / 10, f"mark {number}") for number in range(3))
    labels = tree(drawing(replace(BUCKET, marks=marks), NARROW)).iter("text")
    heights = sorted(float(one.get("y", "")) for one in labels if (one.text or "").startswith("mark"))
    assert len(heights) == 3
    assert min(b - a for a, b in pairwise(heights)) >= 14


def test_many_marks_leave_the_plot_its_half() -> None:
    marks = tuple(Mark("x", float(number), "mark") for number in range(1, 25))
    assert texts(drawing(replace(BUCKET, marks=marks), NARROW)).count("mark") == 24


def test_bars_begin_at_zero() -> None:
    chart = replace(ROUND_TRIPS, series=(Series("estimated", ("a", "b"), (100.0, 101.0), "bars"),))
    assert "0" in texts(drawing(chart, WIDE))


@pytest.mark.parametrize(
    "series",
    [
        Series("short", (1.0, 2.0), (1.0,)),
        Series("no upper end", (1.0, 2.0), (1.0, 2.0), "band"),
        Series("no band", (1.0,), (1.0,), "line", (2.0,)),
    ],
    ids=lambda series: series.name,
)
def test_points_that_do_not_fit_are_named(series: Series) -> None:
    with pytest.raises(ValueError, match=f"bucket: {series.name} has"):
        drawing(replace(BUCKET, series=(series,)), WIDE)


def test_infinite_value_is_a_gap() -> None:
    chart = replace(BUCKET, series=(Series("queue", (1.0, 2.0, 3.0), (1.0, math.inf, 3.0)),), marks=())
    assert "inf" not in drawing(chart, WIDE).replace("infinite", "")


# USD, GB and seconds that anyone can mean.
sizes = st.floats(min_value=1e-9, max_value=1e12)
numbers = st.one_of(st.just(0.0), sizes, sizes.map(lambda size: -size))
styles = st.sampled_from(["line", "dashes", "points", "bars"])


# No shrinking: a drawing takes long.
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(
    values=st.lists(numbers, min_size=1, max_size=6),
    style=styles,
    log=st.booleans(),
    named=st.booleans(),
    mark=numbers,
)
def test_any_values_stay_inside(values: list[float], style: str, log: bool, named: bool, mark: float) -> None:
    x = tuple(f"name {n}" if named else float(n + 1) for n in range(len(values)))
    series = Series("any", x, tuple(values), style)  # type: ignore[arg-type]
    chart = Chart("any", "Any", "Any.", "x", "y", (series, series), (Mark("y", mark, "mark"),), y_log=log)
    root = tree(drawing(chart, NARROW))
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for path in root.findall("path"):
        points = [float(number) for number in _NUMBERS.findall(path.get("d", ""))]
        assert all(-1 <= value <= max(width, height) + 1 for value in points), path.get("d")
