"""The search for the cheapest endpoint that meets the goal."""

from datetime import time
from typing import Any

import pytest

from planning.assumptions import Assumptions, load_assumptions
from planning.cost.endpoint import endpoint_hours
from planning.errors import PlanningError
from planning.latency.configurations import (
    Configuration,
    NoConfigurationError,
    Search,
    busy_window,
    cheapest,
)
from planning.latency.scaling import Bounds
from planning.workload import Workload
from settings.environment import load_environment
from tests.stacks.assemblies import changed

PROD = load_environment("prod")
ASSUMED = load_assumptions()
SEED = 25


def assumed(**sections: dict[str, Any]) -> Assumptions:
    values = ASSUMED.model_dump()
    for name, keys in sections.items():
        values[name] |= keys
    return Assumptions.model_validate(values)


def best(reports: float, **options: Any) -> Configuration:
    return cheapest(PROD, Workload(reports, ASSUMED), SEED, **options)


def test_cheapest_meets_the_goal() -> None:
    search = Search(PROD, Workload(3000, ASSUMED), SEED)
    ways = [way for kind in search.instance_types() for way in search.alternatives(kind)]
    chosen = best(3000)
    assert chosen.meets
    assert chosen in ways
    assert chosen.usd_month == min(way.usd_month for way in ways if way.meets)


def test_fixed_instance_costs_its_hours() -> None:
    search = Search(PROD, Workload(1000, ASSUMED), SEED)
    for count in (1, 3):
        way = search.configuration("ml.m5.large", "async", Bounds(count, count))
        assert way.usd_month == pytest.approx(count * 0.128 * 730)


def test_seconds_of_idle_endpoint_by_hand() -> None:
    """One photo, an LLM that nearly always takes a second, and no report that meets another."""
    load = Workload(
        50,
        assumed(photos={"per_report": [1.0]}, reports={"worded_s": {"median": 1.0, "p90": 1.000001}}),
    )
    search = Search(PROD, load, SEED)
    by_mode = {
        mode: search.configuration("ml.m5.large", mode, Bounds(1, 1)).run for mode in ("async", "realtime")
    }
    assert by_mode["realtime"].busy.p50_s == pytest.approx(0.0513 + 0.05 + 0.4 + 1.0, abs=0.001)
    assert by_mode["async"].ordinary.p95_s == pytest.approx(0.0513 + 0.05 + 0.4 + 0.6 + 1.0, abs=0.001)


def test_endpoint_from_zero_costs_less_and_misses() -> None:
    search = Search(PROD, Workload(1000, ASSUMED), SEED)
    asleep = search.configuration("ml.m5.large", "async", Bounds(0, 3))
    assert asleep.usd_month < 0.5 * 0.128 * 730
    assert asleep.run.ordinary.p95_s > 600
    assert not asleep.meets


def test_more_reports_need_more_instances() -> None:
    few, many = (
        Search(PROD, Workload(reports, ASSUMED), SEED, model="full").fewest("ml.g4dn.xlarge", "async")
        for reports in (5000, 800_000)
    )
    assert few is not None
    assert many is not None
    assert few.meets
    assert many.meets
    assert few.max_instances == 1 < many.max_instances


def test_looser_goal_may_sleep() -> None:
    chosen = best(1000, goal_s=3600)
    assert chosen.min_instances == 0
    assert chosen.schedule is None


def test_choice_can_be_limited() -> None:
    chosen = best(1000, model="full", instance_type="ml.g6.xlarge")
    assert chosen.instance_type == "ml.g6.xlarge"
    assert chosen.estimated


def test_dearer_type_of_same_speed_is_left_out() -> None:
    types = list(Search(PROD, Workload(1000, ASSUMED), SEED).instance_types())
    assert types == ["ml.m5.large"]
    own = changed("prod", model={"instance_type": "ml.c6i.xlarge", "usd_per_hour": 0.2264})
    assert "ml.c6i.xlarge" in list(Search(own, Workload(1000, ASSUMED), SEED).instance_types())


def test_type_that_aws_does_not_scale_is_fixed() -> None:
    settings = changed(
        "prod",
        model={"instance_type": "ml.t2.medium", "min_instances": 1, "max_instances": 1, "usd_per_hour": 0.07},
    )
    ways = list(Search(settings, Workload(1000, ASSUMED), SEED).alternatives("ml.t2.medium"))
    assert [(way.mode, way.min_instances, way.max_instances) for way in ways] == [
        ("realtime", 1, 1),
        ("async", 1, 1),
    ]


def test_own_schedule_is_tried() -> None:
    hours = {"days": ["MON"], "start": time(9), "stop": time(10), "time_zone": "America/Toronto"}
    settings = changed("prod", model={"schedule": hours})
    ways = list(Search(settings, Workload(1000, ASSUMED), SEED).alternatives("ml.m5.large"))
    starts = {way.schedule.start for way in ways if way.schedule is not None}
    assert starts == {time(9), time(5)}


def test_impossible_goal_is_refused() -> None:
    with pytest.raises(NoConfigurationError, match=r"meets 0\.5 s for 95 % of 1,000 reports") as refused:
        best(1000, goal_s=0.5, instance_type="ml.m5.large")
    assert "report_goal_s" in str(refused.value.hint)


def test_too_many_reports_are_refused_at_once() -> None:
    with pytest.raises(NoConfigurationError, match=r"1,000,000,000 reports a month"):
        best(1e9, model="full")


def test_region_without_prices_is_named() -> None:
    search = Search(PROD, Workload(1000, ASSUMED), SEED)
    with pytest.raises(PlanningError, match=r"no price of ml\.g6e\.xlarge"):
        search.configuration("ml.g6e.xlarge", "async", Bounds(1, 1))


def test_same_seed_gives_same_figures() -> None:
    first, again, other = (
        Search(PROD, Workload(2000, ASSUMED), seed).configuration("ml.m5.large", "async", Bounds(0, 2))
        for seed in (25, 25, 26)
    )
    assert first == again
    assert first.run != other.run


@pytest.mark.parametrize(
    ("hours", "share", "window"),
    [
        ([1] * 24, 0.97, (0, 24)),
        ([0] * 8 + [1] * 10 + [0] * 6, 0.97, (8, 10)),
        ([0] * 23 + [1], 0.5, (23, 1)),
        ([1] * 24, 0.5, (0, 12)),
    ],
)
def test_window_is_shortest_with_the_share(hours: list[float], share: float, window: tuple[int, int]) -> None:
    assert busy_window(tuple(hours), share) == window


def test_more_reports_than_simulated_are_refused() -> None:
    with pytest.raises(PlanningError, match=r"30,000,000 reports a month are more than can be simulated"):
        Search(PROD, Workload(3e7, ASSUMED), SEED).current()


@pytest.mark.parametrize(("reports", "runs"), [(300, 6), (3000, 1), (30_000, 1)])
def test_hours_from_zero_equal_bills_closed_form(reports: float, runs: int) -> None:
    """The bill of `cost` has the hours of an endpoint that sleeps by a formula for its cycle."""
    load = Workload(reports, ASSUMED)
    simulated = [Search(PROD, load, seed).current().run.instance_hours_month for seed in range(runs)]
    assert sum(simulated) / runs == pytest.approx(endpoint_hours(PROD, load).hours, rel=0.05)
