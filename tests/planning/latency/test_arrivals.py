"""When reports come in the simulated weeks and busy days."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.assumptions import load_assumptions
from planning.latency.arrivals import arrival_times, busiest_hour, calendar, photos_of_reports
from planning.workload import Workload

ASSUMED = load_assumptions()
DAY = 86_400


def workload(reports: float) -> Workload:
    return Workload(reports, ASSUMED)


@pytest.mark.parametrize(("reports", "days"), [(0, 48), (1000, 48), (5000, 16), (100_000, 8), (1e6, 2)])
def test_calendar_has_enough_reports(reports: float, days: int) -> None:
    found = calendar(workload(reports))
    assert len(found.weekdays) == len(found.busy) == days
    if days > 2:
        assert found.weekdays[:8] == (0, 1, 2, 3, 4, 5, 6, 6)  # Sunday is the heaviest
        assert found.busy[:8] == (False,) * 7 + (True,)
    else:
        assert found.weekdays == (6, 6)


def test_days_and_hours_have_their_weights() -> None:
    load = workload(200_000)
    times = arrival_times(load, calendar(load), np.random.default_rng(1))
    days = np.bincount((times // DAY).astype(int), minlength=8)
    average = 200_000 / 730 * 24 / (sum(ASSUMED.arrivals.days) / 7)
    for day, weight in enumerate(ASSUMED.arrivals.days):
        assert days[day] == pytest.approx(average * weight, rel=0.04)
    assert days[7] == pytest.approx(2 * 1.5 * average, rel=0.03)
    evening = np.isin((times % DAY) // 3600, (19, 20)).mean()
    assert evening == pytest.approx(28 / sum(ASSUMED.arrivals.hours), rel=0.03)


def test_busiest_hour_by_hand() -> None:
    of_sunday = 10_000 / 730 * 24 * 1.5 / ((5 + 1.4 + 1.5) / 7)
    expected = 2 * of_sunday * 14 / sum(ASSUMED.arrivals.hours)
    assert busiest_hour(workload(10_000)) == pytest.approx(expected)


@settings(max_examples=25)
@given(st.floats(0, 300_000), st.integers(0, 5))
def test_arrivals_are_ordered_within_days(reports: float, seed: int) -> None:
    load = workload(reports)
    days = calendar(load)
    times = arrival_times(load, days, np.random.default_rng(seed))
    assert (np.diff(times) >= 0).all()
    assert times.size > 0
    assert 0 <= times[0] <= times[-1] < len(days.weekdays) * DAY


def test_photos_follow_their_shares() -> None:
    photos = photos_of_reports(workload(1), 50_000, np.random.default_rng(2))
    assert photos.min() == 1
    assert photos.max() == 8
    assert photos.mean() == pytest.approx(ASSUMED.photos.mean_per_report, rel=0.01)
