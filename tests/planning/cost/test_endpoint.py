"""The endpoint's hours: the queue's closed form against a simulation of it, schedules, windows, bounds."""

import random
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.assumptions import Assumptions, load_assumptions
from planning.cost import endpoint
from planning.cost.endpoint import (
    EndpointHours,
    endpoint_hours,
    missing_instances,
    scheduled_hours,
    sleeping,
    window_hours,
)
from planning.cost.modes import Mode, in_mode
from planning.latency.configurations import Search
from planning.workload import Workload
from settings.environment import Environment, load_environment
from settings.model import Schedule

IDLE_MINUTES, WAKE_S = 15, 10 * 60


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each report take the endpoint a second."""
    monkeypatch.setattr(endpoint, "seconds_per_report", lambda settings, workload: 1.0)


def evenly() -> Assumptions:
    values: dict[str, Any] = load_assumptions().model_dump()
    values["arrivals"] |= {"hours": (1,) * 24, "days": (1,) * 7}
    return Assumptions.model_validate(values)


def prod(**model: Any) -> Environment:
    settings = load_environment("prod")
    return settings.model_copy(update={"model": settings.model.model_copy(update=model)})


def simulated(rate: float, seconds: float, cycles: int) -> tuple[float, float]:
    """Follow an endpoint from sleep to sleep: its share of time asleep, and the mean wait for its start.

    A minute of a running instance is idle if no report is at it; after 15 idle ones in a row it goes.
    """
    draw = random.Random(25)  # noqa: S311 - a simulation, not a secret
    asleep = awake = waited = 0.0
    reports = 0
    for _ in range(cycles):
        asleep += draw.expovariate(rate / 3600)
        # Times since the wake, when the first report comes.
        coming, now, free, idle = 0.0, float(WAKE_S), float(WAKE_S), 0
        while idle < IDLE_MINUTES:
            begun, now = now, now + 60
            idle = idle + 1 if free < begun and coming >= now else 0
            while coming < now:
                waited += max(0.0, WAKE_S - coming)
                free = max(coming, free) + draw.expovariate(1 / seconds)
                reports += 1
                coming += draw.expovariate(rate / 3600)
        awake += now
    return asleep / (asleep + awake), waited / reports


@pytest.mark.parametrize(("rate", "seconds"), [(0.5, 1), (3, 1), (10, 10), (12, 60)])
def test_closed_form_agrees_with_simulation(rate: float, seconds: float) -> None:
    share, wait_s = sleeping(rate, seconds)
    expected_share, expected_wait_s = simulated(rate, seconds, cycles=1500)
    assert share == pytest.approx(expected_share, rel=0.1, abs=0.002)
    assert wait_s == pytest.approx(expected_wait_s, rel=0.1)


@pytest.mark.parametrize("reports", [1_000, 10_000, 100_000])
@pytest.mark.parametrize("mode", ["async", "office hours"])
def test_hours_agree_with_the_simulation_of_latency(reports: float, mode: Mode) -> None:
    settings, workload = in_mode(load_environment("prod"), mode), Workload(reports, load_assumptions())
    expected = Search(settings, workload, seed=25).current().run.instance_hours_month
    assert endpoint_hours(settings, workload).hours == pytest.approx(expected, rel=0.1)


@given(st.floats(0, 1e6), st.floats(0.01, 600))
def test_share_is_a_share(rate: float, seconds: float) -> None:
    share, wait_s = sleeping(rate, seconds)
    assert 0 <= share <= 1
    assert 0 <= wait_s <= WAKE_S * (1 + 1e-9)


def test_no_report_needs_no_instance(second: None) -> None:
    assert endpoint_hours(prod(), Workload(0, evenly())) == EndpointHours(0.0)


def test_always_on_runs_each_hour(second: None) -> None:
    always = prod(mode="realtime", min_instances=2, max_instances=3)
    assert endpoint_hours(always, Workload(1000, evenly())).hours == pytest.approx(2 * 730)


def test_load_starts_more_instances(second: None) -> None:
    # 7,200 reports an hour of a second each keep two instances busy: three, of which each is busy for 67 %.
    always = prod(mode="realtime", min_instances=1, max_instances=9, instance_type="ml.m5.large")
    assert endpoint_hours(always, Workload(7200 * 730, evenly())).hours == pytest.approx(6 * 730)
    asleep = prod(max_instances=9)
    assert endpoint_hours(asleep, Workload(7200 * 730, evenly())).hours == pytest.approx(3 * 730)


def test_busiest_hour_may_need_more(second: None) -> None:
    assert missing_instances(prod(max_instances=3), Workload(7200 * 730, evenly())) == 0
    assert missing_instances(prod(max_instances=2), Workload(7200 * 730, evenly())) == 1


def test_paused_endpoint_runs_never(second: None) -> None:
    assert endpoint_hours(prod(paused=True), Workload(1000, evenly())) == EndpointHours(0.0)


def test_schedule_keeps_its_hours(second: None) -> None:
    # 8:30 to 18:00 on Monday and Saturday.
    hours = Schedule(days=("MON", "SAT"), start=time(8, 30), stop=time(18), time_zone="America/Toronto")
    kept = scheduled_hours(hours)
    assert (len(kept), sum(kept)) == (168, 19)
    assert (kept[7], kept[8], kept[9], kept[17], kept[18]) == (0, 0.5, 1, 1, 0)
    assert kept[5 * 24 + 9] == 1
    found = endpoint_hours(prod(schedule=hours), Workload(0, evenly()))
    assert found.hours == found.scheduled == pytest.approx(19 * 730 / 168)


def test_window_does_the_work_of_a_day(second: None) -> None:
    # 3,600 reports a night take an hour, after a start of ten minutes.
    nightly = window_hours(prod(), Workload(3600 * 730 / 24, evenly()))
    assert nightly.hours == pytest.approx(730 / 24 * (1 + 1 / 6))
    # 36,000 take ten hours: two instances, each of which starts.
    assert window_hours(prod(), Workload(36000 * 730 / 24, evenly())).hours == pytest.approx(
        730 / 24 * (10 + 2 / 6)
    )
