"""Where another way to run the endpoint becomes cheaper."""

import pytest

from planning.assumptions import load_assumptions
from planning.cost.break_even import Curves, break_even, chart, curves
from planning.cost.modes import MODES, Mode, in_mode, mode_of, monthly, possible_modes
from planning.synthesis import templates
from planning.workload import Workload
from settings.environment import load_environment

PROD = load_environment("prod")


@pytest.fixture(scope="module")
def drawn() -> Curves:
    return curves(PROD, templates(PROD), load_assumptions())


def usd(reports: float, mode: Mode) -> float:
    return monthly(PROD, templates(PROD), Workload(reports, load_assumptions()), mode).total


def test_cheaper_mode_changes_at_a_point(drawn: Curves) -> None:
    points = break_even(PROD, templates(PROD), load_assumptions(), drawn)
    assert points[0].below == "async"
    for point in points:
        before, after = point.reports / 1.002, point.reports * 1.002
        assert usd(before, point.below) < usd(before, point.above)
        assert usd(after, point.above) < usd(after, point.below)
    # Up to the first one no further instance starts, so the costs meet.
    assert usd(points[0].reports, "async") == pytest.approx(usd(points[0].reports, points[0].above), abs=0.05)


def test_cheapest_is_no_dearer_than_others(drawn: Curves) -> None:
    for at, mode in enumerate(drawn.cheapest(waiting=True)):
        assert drawn.usd[mode][at] == min(values[at] for values in drawn.usd.values())
    assert set(drawn.cheapest(waiting=True)) == {"batch"}
    assert "batch" not in drawn.cheapest(waiting=False)


def test_always_on_costs_its_hours_more_than_a_window() -> None:
    idle = Workload(0, load_assumptions())
    bills = {mode: monthly(PROD, templates(PROD), idle, mode) for mode in MODES}
    assert bills["realtime"].of("model") == pytest.approx(730 * 0.128)
    assert bills["async"].of("model") == 0
    # Fifty of the 168 hours of a week.
    assert bills["office hours"].of("model") == pytest.approx(730 * 50 / 168 * 0.128)
    # Ten minutes a night.
    assert bills["batch"].of("model") == pytest.approx(730 / 24 / 6 * 0.128)


def test_mode_of_changed_settings_is_that_mode() -> None:
    for mode in ("realtime", "office hours", "async"):
        assert mode_of(in_mode(PROD, mode)) == mode
    assert in_mode(PROD, "async") == PROD


def test_paused_endpoint_is_compared_as_if_it_ran() -> None:
    paused = PROD.model_copy(update={"model": PROD.model.model_copy(update={"paused": True})})
    assert in_mode(paused, "async") == PROD
    assert in_mode(paused, "realtime") == in_mode(PROD, "realtime")
    workload = Workload(1000, load_assumptions())
    assert monthly(paused, templates(PROD), workload).of("model") == 0
    assert monthly(paused, templates(PROD), workload, "async").of("model") > 0


def test_unscaled_types_have_no_async_mode() -> None:
    small = PROD.model_copy(update={"model": PROD.model.model_copy(update={"instance_type": "ml.t2.medium"})})
    assert possible_modes(small) == ("realtime", "batch")


def test_templates_of_modes_differ_by_alarms() -> None:
    realtime, workload = in_mode(PROD, "realtime"), Workload(1000, load_assumptions())
    own, given = (
        monthly(PROD, each, workload, "realtime").total for each in (templates(realtime), templates(PROD))
    )
    # An endpoint that sleeps has three alarms more, with five metrics together.
    assert own == pytest.approx(given - 0.5)


def test_chart_marks_each_point(drawn: Curves) -> None:
    points = break_even(PROD, templates(PROD), load_assumptions(), drawn)
    picture = chart(PROD, drawn, points)
    assert [mark.at for mark in picture.marks] == [point.reports for point in points]
    assert {one.name for one in picture.series} == set(MODES)
    assert all(len(one.x) == len(one.y) for one in picture.series)
