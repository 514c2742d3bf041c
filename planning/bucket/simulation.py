"""Draws of what may come: users, reports and bytes of each day, over the horizon of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from planning.assumptions import Assumptions, LogNormal, Photos, Triangular
    from planning.bucket.growth import Growth
    from planning.bucket.retention import Retention

    Floats = NDArray[np.float64]

DAYS_PER_MONTH = 365.25 / 12
MOST_A_DAY = 1e9  # sign-ups; a bound for draws of a list that says little


@dataclass(frozen=True)
class Start:
    """A list's users, those who can make reports, its last day, and the days between it and the start."""

    total: int
    reporting: int
    last: date
    gap_days: int


@dataclass(frozen=True)
class Draws:
    """One row for each draw, one column for each day from the start: at its end, or during it."""

    users: Floats
    signups: Floats
    reports_rate: Floats
    reports: Floats
    stored_bytes: Floats


def relative_variance(value: LogNormal) -> float:
    """Return the variance over the squared mean."""
    return exp(value.sigma**2) - 1


def report_bytes(photos: Photos) -> tuple[float, float]:
    """Return the mean of a report's stored bytes, and their variance."""
    size, relative = 1000 * photos.stored_kb.mean, relative_variance(photos.stored_kb)
    shares = np.array(photos.per_report) / sum(photos.per_report)
    numbers = np.arange(1, len(shares) + 1)
    mean = float(shares @ numbers)
    spread = float(shares @ numbers**2) - mean**2
    return mean * size, mean * relative * size**2 + spread * size**2


def simulate(
    start: Start, growth: Growth | None, share: Triangular, assumptions: Assumptions, retention: Retention,
    *, days: int, draws: int, random: np.random.Generator,
) -> Draws:  # fmt: skip
    """Draw `draws` futures of `days` days; `share` is that of the users who are active in a month."""
    users = assumptions.users
    signups = _signups(start, growth, users.growth_continues, start.gap_days + days, draws, random)
    active = _shares(share, draws, random)[:, None]
    each = users.reports_per_active_user.mean
    relative = relative_variance(users.reports_per_active_user)
    # Users differ, and a user stays as busy as at first. What a month's new users add is drawn at once,
    # log-normal with the mean and variance of their sum.
    newcomers = signups * (start.reporting / start.total)
    weights = np.empty_like(signups)
    for begin in range(0, signups.shape[1], 30):
        month = newcomers[:, begin : begin + 30]
        weights[:, begin : begin + 30] = _weight(month.sum(1, keepdims=True), active, relative, random)
    first = start.reporting * _weight(np.full_like(active, start.reporting), active, relative, random)
    weighted = first + np.cumsum(newcomers * weights, axis=1)
    rate = weighted[:, start.gap_days :] * active * each / DAYS_PER_MONTH
    reports = random.poisson(rate).astype(float)
    mean, variance = report_bytes(assumptions.photos)
    added = random.standard_gamma(reports * (mean**2 / variance)) * (variance / mean)
    everyone = start.total + np.cumsum(signups, axis=1)
    return Draws(
        users=everyone[:, start.gap_days :],
        signups=signups[:, start.gap_days :],
        reports_rate=rate,
        reports=reports,
        stored_bytes=retention.stored(added, reports),
    )


def _signups(
    start: Start, growth: Growth | None, continues: float, days: int, draws: int, random: np.random.Generator
) -> Floats:
    if growth is None:
        return np.zeros((draws, days))
    level, slope = growth.draw(draws, random)
    after = np.arange(1, days + 1) + (start.last - growth.day).days
    logs = level[:, None] + continues * slope[:, None] * after
    mean = np.exp(np.minimum(logs, log(MOST_A_DAY)))
    if (excess := growth.dispersion - 1) > 1e-3:
        mean = random.standard_gamma(mean / excess) * excess
    return random.poisson(mean).astype(float)


def _shares(share: Triangular, draws: int, random: np.random.Generator) -> Floats:
    """Draw one share from each of `draws` equally likely parts of the distribution, in any order."""
    level = random.permutation((np.arange(draws) + random.random(draws)) / draws)
    width, below = share.high - share.low, share.mode - share.low
    return np.where(
        level * width < below,
        share.low + np.sqrt(level * width * below),
        share.high - np.sqrt((1 - level) * width * (share.high - share.mode)),
    )


def _weight(count: Floats, active: Floats, relative: float, random: np.random.Generator) -> Floats:
    """Draw how much busier than expected `count` users are, of whom a share is active."""
    variance = ((1 + relative) / active - 1) / np.maximum(count, 1.0)
    sigma2 = np.log1p(variance)
    return np.exp(np.sqrt(sigma2) * random.standard_normal(count.shape) - sigma2 / 2)
