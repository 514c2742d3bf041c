"""How sign-ups grow: a Poisson regression of the daily counts, log-linear in time, with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planning.users.user_list import UserList

    Floats = NDArray[np.float64]

LEAST_DAYS = 7  # of a list that tells a growth
# A day with so many sign-ups, and so many times those of a busy day, is an import or a campaign.
IMPORTED, TIMES_A_BUSY_DAY = 50, 20


# The last third of a list, from so many days on, is compared with the whole, by so many standard errors.
RECENT_DAYS, RECENT_ERRORS = 28, 4.0


@dataclass(frozen=True)
class Recent:
    """The slope of the last `days` of a list."""

    days: int
    slope: float


@dataclass(frozen=True)
class Growth:
    """Sign-ups a day are exp(`level` + `slope` · days after `day`).

    `covariance` is of level and slope. `dispersion` is the variance of a day's count over its mean, at least
    1. The sign-ups of the days in `left_out` have no part in it. `recent` is set if the list's last third
    has another growth than the whole.
    """

    day: date
    level: float
    slope: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    dispersion: float = 1.0
    left_out: tuple[date, ...] = ()
    recent: Recent | None = None

    @property
    def slope_error(self) -> float:
        """The standard error of the slope."""
        return float(self.covariance[1][1] ** 0.5)

    def draw(self, count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
        """Return `count` levels and slopes that the list is compatible with."""
        drawn = random.multivariate_normal(
            (self.level, self.slope), self.covariance, count, method="cholesky"
        )
        return drawn[:, 0], drawn[:, 1]


def fit_growth(users: UserList, today: date, spread: float) -> Growth | None:
    """Fit the growth of a list; `spread` is the standard deviation of the slope before a list is seen.

    Returns None for a list that tells no growth: of less than LEAST_DAYS whole days, or imported as a whole.
    """
    counts = np.array(users.signups, np.float64)
    if users.last >= today and len(counts) > 1:
        counts = counts[:-1]  # the day is not over
    imported = _imported(counts)
    whole = ~imported
    days = np.flatnonzero(whole).astype(np.float64)
    if len(counts) < LEAST_DAYS or not counts[whole].any():
        return None
    center = float(days.mean())
    level, slope, covariance, dispersion = _fit(days - center, counts[whole], spread)
    ahead = len(counts) - 1 - center
    moved = np.array([[1.0, ahead], [0.0, 1.0]])
    (level_variance, both), (_, slope_variance) = (moved @ covariance @ moved.T).tolist()
    return Growth(
        day=users.first + timedelta(days=len(counts) - 1),
        level=level + slope * ahead,
        slope=slope,
        covariance=((level_variance, both), (both, slope_variance)),
        dispersion=dispersion,
        recent=_recent(days, counts, spread, slope),
        left_out=tuple(users.first + timedelta(days=int(day)) for day in np.flatnonzero(imported)),
    )


def _recent(days: Floats, counts: Floats, spread: float, slope: float) -> Recent | None:
    last = days[-(len(days) // 3) :]
    if len(last) < RECENT_DAYS or not counts[last.astype(int)].any():
        return None
    _, recent, covariance, _ = _fit(last - last.mean(), counts[last.astype(int)], spread)
    apart = abs(recent - slope) > RECENT_ERRORS * float(covariance[1, 1]) ** 0.5
    return Recent(len(last), recent) if apart else None


def _imported(counts: Floats) -> NDArray[np.bool_]:
    busy = max(1.0, float(np.quantile(counts, 0.9))) if len(counts) >= 2 * LEAST_DAYS else np.inf
    return (counts >= IMPORTED) & (counts > TIMES_A_BUSY_DAY * busy)


def _fit(days: Floats, counts: Floats, spread: float) -> tuple[float, float, Floats, float]:
    """Return level and slope at day 0, their covariance, and the dispersion."""
    design = np.column_stack([np.ones_like(days), days])
    prior = np.diag([0.0, 1 / spread**2])
    point = np.array([np.log(counts.mean()), 0.0])
    dispersion = 1.0
    for _ in range(5):
        point = _maximum(design, counts, dispersion, prior, point)
        mean = np.exp(design @ point)
        before, dispersion = (
            dispersion,
            max(1.0, float(((counts - mean) ** 2 / mean).sum() / (len(days) - 2))),
        )
        if abs(dispersion - before) < 1e-6 * before:
            break
    information = design.T @ (design * mean[:, None]) / dispersion + prior
    return float(point[0]), float(point[1]), np.linalg.inv(information), dispersion


def _maximum(design: Floats, counts: Floats, dispersion: float, prior: Floats, start: Floats) -> Floats:
    """Return where the penalized likelihood, which is concave, is highest: Newton, with halved steps."""

    def height(point: Floats) -> float:
        logs = design @ point
        with np.errstate(over="ignore"):
            return float((counts * logs - np.exp(logs)).sum() / dispersion - point @ prior @ point / 2)

    point, best = start, height(start)
    for _ in range(50):
        mean = np.exp(design @ point)
        gradient = design.T @ (counts - mean) / dispersion - prior @ point
        step = np.linalg.solve(design.T @ (design * mean[:, None]) / dispersion + prior, gradient)
        while (higher := height(point + step)) < best and np.abs(step).max() > 1e-12:
            step = step / 2
        point, best, gained = point + step, max(higher, best), higher - best
        if abs(gained) < 1e-9:
            break
    return point
