"""What each assumption does to the expected size, against what must hold of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from planning.assumptions import load_assumptions
from planning.bucket.forecast import ENDS, forecast
from planning.bucket.sensitivity import Plan, effects, expected_bytes
from planning.users.user_list import UserList
from settings.environment import load_environment

TODAY = date(2026, 11, 27)
LAST = ENDS[-1] - 1


def plan(counts: tuple[int, ...] = (40,) * 300) -> Plan:
    users = UserList("users.csv", TODAY - timedelta(days=len(counts)), counts)
    return forecast(load_environment("prod"), users, load_assumptions(), TODAY, draws=10).plan


def test_expected_size_is_the_mean_of_the_draws() -> None:
    users = UserList("users.csv", TODAY - timedelta(days=300), (400,) * 300)
    found = forecast(load_environment("prod"), users, load_assumptions(), TODAY, draws=200)
    # The median of the active share over its mean: the sizes are proportional to it.
    expected = expected_bytes(found.plan, LAST) * 0.21307 / 0.21667
    assert found.bucket_bytes[-1].p50 == pytest.approx(expected, rel=0.01)


def test_effects_are_as_strong_as_they_must_be() -> None:
    found = {one.what: one for one in effects(plan(), LAST)}
    assert found["active share"].factor == pytest.approx(0.35 / 0.10)
    reports = found["reports of a user"]
    assert (reports.smaller, reports.bigger) == ("median 6 a month", "median 24 a month")
    assert reports.factor == pytest.approx(4)
    assert found["size of a photo"].smaller == "median 64 KB"
    # 3.46 photos on average; of 15 % the only one stays, and of 4 % the eighth is the last that is allowed.
    assert found["photos of a report"].factor == pytest.approx((3.46 + 0.96) / (3.46 - 0.85), rel=0.02)
    retention = found["retention_days"]
    assert (retention.smaller, retention.bigger) == ("182 days", "730 days")
    erased = found["erased reports"]
    assert erased.bytes_smaller > erased.bytes_bigger
    assert found["uploads"].factor < 1.01


def test_strongest_effect_comes_first() -> None:
    factors = [one.factor for one in effects(plan(), LAST)]
    assert factors == sorted(factors, reverse=True)


def test_growth_that_stops_keeps_the_rate() -> None:
    growing = plan(tuple(round(10 * 1.002**day) for day in range(400)))
    growth = next(one for one in effects(growing, LAST) if one.what == "growth")
    assert growing.growth is not None
    still = replace(growing, growth=replace(growing.growth, slope=0.0))
    assert growth.bytes_smaller == pytest.approx(expected_bytes(still, LAST))
    assert growth.bytes_bigger > growth.bytes_smaller


def test_list_without_growth_has_no_such_effect() -> None:
    assert not [one for one in effects(plan((5000,)), LAST) if one.what == "growth"]
