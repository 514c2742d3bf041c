"""The forecast against closed forms, for made lists with known parameters; benchmarks/planning draws 200."""

from datetime import date, timedelta
from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import lognorm, norm, triang

from planning.assumptions import Assumptions, load_assumptions
from planning.bucket.forecast import ENDS, MOST_USERS, Forecast, forecast
from planning.bucket.simulation import report_bytes
from planning.errors import PlanningError, UserListError
from planning.users.user_list import UserList
from settings.environment import load_environment

TODAY = date(2026, 11, 27)
PROD = load_environment("prod")
ASSUMED = load_assumptions()
DAYS, DRAWS = 540, 200


def listed(first_rate: float, growth: float, days: int = DAYS, **facts: object) -> UserList:
    """A list without chance: each day has the expected sign-ups, rounded."""
    counts = np.diff(np.round(np.cumsum([0.0, *(first_rate * exp(growth * day) for day in range(days))])))
    return UserList("users.csv", TODAY - timedelta(days=days), tuple(int(count) for count in counts), **facts)  # type: ignore[arg-type]


def found(users: UserList, assumptions: Assumptions = ASSUMED) -> Forecast:
    return forecast(PROD, users, assumptions, TODAY, draws=DRAWS)


def mean_log_normal(median: float, p90: float) -> float:
    return float(lognorm.mean(log(p90 / median) / norm.ppf(0.9), scale=median))


def closed_form_p50(users: float, rate: float, growth: float, day: float) -> float:
    """The median size in bytes after some days, by an integral over the ages of the photos."""
    low, mode, high = 0.10, 0.20, 0.35
    active = triang.median((mode - low) / (high - low), low, high - low)
    reports_a_day = active * mean_log_normal(12, 60) * 12 / 365.25
    photos = np.average(range(1, 9), weights=[0.15, 0.20, 0.22, 0.17, 0.10, 0.08, 0.04, 0.04])
    photo_bytes = mean_log_normal(95_000, 140_000)

    def users_at(at: float) -> float:
        return users + rate * (at if growth == 0 else (exp(growth * at) - 1) / growth)

    kept, _ = quad(lambda age: (1 - 0.05 * age / 365) * users_at(day - age), 0, min(365.5, day), limit=200)
    unused = 0.03 * photos * 4e6 / 9 * 1.5 * users_at(day)
    return float(reports_a_day * (photos * photo_bytes * kept + unused))


@pytest.mark.parametrize("growth", [0.0, 0.001, 0.003])
def test_forecast_equals_the_closed_form(growth: float) -> None:
    users = listed(400, growth)
    forecasted = found(users)
    rate = 400 * exp(growth * DAYS)
    year = rate * 365 if growth == 0 else rate * (exp(growth * 365) - 1) / growth
    assert forecasted.signups_next_year.p50 == pytest.approx(year, rel=0.02)
    for month in (5, 11, 23):
        expected = closed_form_p50(users.total, rate, growth, ENDS[month + 1] - 0.5)
        assert forecasted.bucket_bytes[month].p50 == pytest.approx(expected, rel=0.03)


def test_bucket_settles_without_new_users() -> None:
    still = UserList("users.csv", TODAY - timedelta(days=1), (100_000,))
    forecasted = found(still)
    assert forecasted.plan.growth is None
    settled = forecasted.settles_today
    assert forecasted.bucket_bytes[23].p50 == pytest.approx(settled.p50, rel=0.01)
    assert forecasted.bucket_bytes[5].p50 == pytest.approx(settled.p50 / 2, rel=0.03)
    assert forecasted.settles_at_end == pytest.approx(settled)
    assert settled.p50 == pytest.approx(closed_form_p50(100_000, 0, 0, 800), rel=0.02)


def test_p90_follows_the_active_share() -> None:
    # Of many users all else is certain, so the quantiles are those of the share.
    ratio = triang.ppf([0.5, 0.9, 0.99], 0.4, 0.10, 0.25)
    size = found(UserList("users.csv", TODAY - timedelta(days=1), (500_000,))).bucket_bytes[11]
    assert size.p90 / size.p50 == pytest.approx(ratio[1] / ratio[0], rel=0.02)
    assert size.p99 / size.p50 == pytest.approx(ratio[2] / ratio[0], rel=0.03)


def test_few_users_differ_more() -> None:
    wide, narrow = (
        found(UserList("users.csv", TODAY - timedelta(days=1), (count,))).bucket_bytes[11]
        for count in (30, 30_000)
    )
    assert wide.p90 / wide.p50 > 1.5 * narrow.p90 / narrow.p50


def test_short_retention_follows_the_reports() -> None:
    week = PROD.model_copy(update={"retention_days": 7})
    forecasted = forecast(week, listed(50, 0), ASSUMED, TODAY, draws=DRAWS)
    reports, size = forecasted.reports_per_month[11].p50, forecasted.bucket_bytes[11].p50
    per_report = report_bytes(ASSUMED.photos)[0]
    assert size == pytest.approx(reports * 12 / 365.25 * 7.3 * per_report, rel=0.05)


def test_runs_are_the_same_by_seed() -> None:
    users = listed(3, 0.001)
    assert found(users) == found(users)
    assert found(users).bucket_bytes != forecast(PROD, users, ASSUMED, TODAY, 1, draws=DRAWS).bucket_bytes


def test_quantiles_and_months_are_ordered() -> None:
    forecasted = found(listed(1, 0.002, days=60))
    for months in (forecasted.users, forecasted.reports_per_month, forecasted.bucket_bytes):
        assert len(months) == len(forecasted.month_ends) == 24
        assert all(0 <= one.p50 <= one.p90 <= one.p99 for one in months)
    assert (forecasted.month_ends[11] - TODAY).days == 365


def test_growth_may_slow_down() -> None:
    users = listed(20, 0.003)
    slower = ASSUMED.users.model_copy(update={"growth_continues": 0.0})
    steady = found(users, ASSUMED.model_copy(update={"users": slower}))
    rate = 20 * exp(0.003 * DAYS)
    assert steady.signups_next_year.p50 == pytest.approx(365 * rate, rel=0.03)
    assert found(users).signups_next_year.p50 > 1.5 * steady.signups_next_year.p50


def test_users_without_reports_are_left_out() -> None:
    users = listed(50, 0)
    half = listed(50, 0, left_out={"deleted": users.total // 4, "anonymous": users.total // 4})
    assert found(half).bucket_bytes[11].p50 == pytest.approx(found(users).bucket_bytes[11].p50 / 2, rel=0.03)
    supabase = PROD.supabase.model_copy(update={"allow_anonymous": True})
    allowed = PROD.model_copy(update={"supabase": supabase})
    open_to_all = forecast(allowed, half, ASSUMED, TODAY, draws=DRAWS)
    assert open_to_all.bucket_bytes[11].p50 == pytest.approx(
        0.75 * found(users).bucket_bytes[11].p50, rel=0.03
    )


def test_active_share_is_the_lists() -> None:
    users = listed(50, 0, active=int(0.6 * 50 * DAYS))
    assert found(users).plan.active_share.mode == pytest.approx(0.6, abs=0.001)
    assumed = ASSUMED.users.model_copy(update={"active_from_list": False})
    kept = found(users, ASSUMED.model_copy(update={"users": assumed}))
    assert kept.plan.active_share == ASSUMED.users.active_share


@pytest.mark.parametrize(
    ("active", "reporting", "low", "high"),
    # Wilson's interval of 95 %, by hand: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
    [(20, 100, 0.1334, 0.35), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 2, 0.0945, 0.9055)],
)
def test_active_share_of_a_list(active: int, reporting: int, low: float, high: float) -> None:
    users = listed(1, 0, days=reporting, active=active)
    share = found(users).plan.active_share
    assert (share.low, share.high) == pytest.approx((low, high), abs=2e-4)


def test_old_list_grows_until_today() -> None:
    users = listed(50, 0)
    old = UserList(users.name, users.first - timedelta(days=100), users.signups)
    assert found(old).users[0].p50 == pytest.approx(found(users).users[0].p50 + 100 * 50, rel=0.005)


@pytest.mark.parametrize(
    ("users", "says"),
    [
        (UserList("u.csv", date(2024, 1, 1), (5,)), "u.csv: its last sign-up is of 2024-01-01"),
        (UserList("u.csv", TODAY, (5,), {"deleted": 3, "banned": 2}), "all its users are deleted, banned"),
    ],
)  # fmt: skip
def test_useless_list_is_refused(users: UserList, says: str) -> None:
    with pytest.raises(UserListError, match=says):
        found(users)


def test_growth_beyond_mankind_is_refused() -> None:
    with pytest.raises(PlanningError, match="its growth leads to") as refused:
        found(listed(0.5, 0.06, days=200))
    assert "growth_continues" in refused.value.hint
    assert MOST_USERS < 8e9


@pytest.mark.parametrize("counts", [(1,), (1, 0, 0, 0, 0, 0, 0, 1), (0, 0, 3), (1,) * 8])
def test_tiny_lists_have_a_forecast(counts: tuple[int, ...]) -> None:
    forecasted = found(UserList("u.csv", TODAY - timedelta(days=len(counts)), counts))
    assert np.isfinite(forecasted.bucket_bytes[-1]).all()
    assert forecasted.users[0].p50 >= sum(counts)


def test_bytes_of_a_report() -> None:
    mean, variance = report_bytes(ASSUMED.photos)
    random = np.random.default_rng(6)
    photos = random.choice(range(1, 9), 200_000, p=ASSUMED.photos.per_report)
    sigma = log(140 / 95) / norm.ppf(0.9)
    size = mean_log_normal(95_000, 140_000)
    relative = exp(sigma**2) - 1
    assert mean == pytest.approx(photos.mean() * size, rel=0.01)
    spread = sqrt(photos.mean() * relative * size**2 + photos.var() * size**2)
    assert sqrt(variance) == pytest.approx(spread, rel=0.01)
