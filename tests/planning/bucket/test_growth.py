"""The fit of sign-ups, against closed forms and another optimizer."""

from datetime import date, timedelta

import numpy as np
import pytest
from scipy.optimize import minimize

from planning.bucket.growth import LEAST_DAYS, Growth, fit_growth
from planning.users.user_list import UserList

TODAY = date(2026, 11, 27)
WIDE = 0.1  # a spread that does not hold the slope


def listed(counts: list[int] | np.ndarray) -> UserList:
    """A list that ends on the day before TODAY."""
    return UserList("users.csv", TODAY - timedelta(days=len(counts)), tuple(int(count) for count in counts))


def fitted(counts: list[int] | np.ndarray, spread: float = WIDE) -> Growth:
    growth = fit_growth(listed(counts), TODAY, spread)
    assert growth is not None
    return growth


def test_exact_growth_is_found() -> None:
    days = np.arange(200)
    growth = fitted(np.round(1e6 * np.exp(0.003 * days)), spread=10)
    assert growth.slope == pytest.approx(0.003, abs=1e-7)
    assert growth.level == pytest.approx(np.log(1e6) + 0.003 * 199, abs=1e-5)
    assert growth.dispersion == 1


def test_constant_signups_do_not_grow() -> None:
    growth = fitted([7] * 100)
    assert growth.slope == pytest.approx(0, abs=1e-9)
    assert np.exp(growth.level) == pytest.approx(7)
    # Of a constant rate r over n days the variance of the slope is 12 / (r n (n² - 1)).
    assert growth.slope_error == pytest.approx((12 / (7 * 100 * (100**2 - 1))) ** 0.5, rel=1e-3)


@pytest.mark.parametrize("spread", [0.001, 0.01])
def test_fit_equals_a_general_optimizer(spread: float) -> None:
    random = np.random.default_rng(1)
    counts = random.poisson(3 * np.exp(-0.004 * np.arange(90)))
    growth = fitted(counts, spread)
    days = np.arange(-89, 1)

    def cost(point: np.ndarray) -> float:
        logs = point[0] + point[1] * 100 * days
        likelihood = (np.exp(logs) - counts * logs).sum() / growth.dispersion
        return float(likelihood + (point[1] * 100 / spread) ** 2 / 2)

    best = minimize(cost, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11}).x
    assert growth.level == pytest.approx(best[0], abs=1e-5)
    assert growth.slope == pytest.approx(best[1] * 100, abs=1e-7)


def test_error_matches_the_spread_of_fits() -> None:
    random = np.random.default_rng(2)
    rate = 20 * np.exp(0.002 * np.arange(120))
    fits = [fitted(random.poisson(rate)) for _ in range(120)]
    assert np.std([one.slope for one in fits]) == pytest.approx(fits[0].slope_error, rel=0.2)
    assert np.std([one.level for one in fits]) == pytest.approx(fits[0].covariance[0][0] ** 0.5, rel=0.2)


def test_uneven_days_widen_the_error() -> None:
    random = np.random.default_rng(3)
    even = fitted(random.poisson(50, 200))
    weekly = fitted(random.poisson(np.tile([20, 20, 20, 20, 20, 120, 130], 29)[:200]))
    assert even.dispersion < 1.4
    assert weekly.dispersion > 20
    assert weekly.slope_error > 4 * even.slope_error


def test_few_weeks_are_held_by_the_spread() -> None:
    counts = [1, 2, 2, 4, 5, 8, 11, 16, 22, 31]
    assert fitted(counts, spread=10).slope > 0.3
    assert 0 < fitted(counts, spread=0.003).slope < 0.005


def test_uneven_growth_is_said() -> None:
    random = np.random.default_rng(5)
    slowed = np.concatenate([5 * np.exp(0.01 * np.arange(300)), np.full(150, 100.0)])
    recent = fitted(random.poisson(slowed)).recent
    assert recent is not None
    assert recent.days == 150
    assert recent.slope == pytest.approx(0, abs=0.001)
    even = 5 * np.exp(0.003 * np.arange(450))
    assert not any(fitted(random.poisson(even)).recent for _ in range(30))


def test_unfinished_day_is_left_out() -> None:
    users = UserList("users.csv", TODAY - timedelta(days=20), (5,) * 20 + (1,))
    growth = fit_growth(users, TODAY, WIDE)
    assert growth is not None
    assert (growth.day, round(growth.slope, 9)) == (TODAY - timedelta(days=1), 0)


def test_import_is_left_out() -> None:
    counts = [4000, *[5] * 100]
    growth = fitted(counts)
    assert growth.left_out == (TODAY - timedelta(days=101),)
    assert np.exp(growth.level) == pytest.approx(5)


@pytest.mark.parametrize(
    "counts", [[5], [3] * (LEAST_DAYS - 1), [5000] + [0] * 19], ids=["one day", "six days", "imported"]
)
def test_short_list_tells_no_growth(counts: list[int]) -> None:
    assert fit_growth(listed(counts), TODAY, WIDE) is None


@pytest.mark.parametrize("counts", [[1, 0, 0, 0, 0, 0, 1], [1] + [0] * 500, [0] * 300 + [2000], [10**6] * 30])
def test_odd_lists_have_a_finite_fit(counts: list[int]) -> None:
    growth = fit_growth(listed(counts), TODAY, 0.003)
    if growth is not None:
        assert np.isfinite([growth.level, growth.slope, growth.slope_error, growth.dispersion]).all()


def test_draws_have_mean_and_covariance() -> None:
    growth = Growth(TODAY, 2.0, 0.001, ((0.04, 0.00001), (0.00001, 1e-8)))
    level, slope = growth.draw(20_000, np.random.default_rng(4))
    assert (level.mean(), slope.mean()) == (pytest.approx(2, abs=0.01), pytest.approx(0.001, abs=1e-5))
    assert np.cov(level, slope) == pytest.approx(np.array(growth.covariance), rel=0.1)
