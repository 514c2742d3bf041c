"""What a list of users leads to in 24 months: users, reports and the size of the bucket, as quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planning.bucket.growth import Growth, fit_growth
from planning.bucket.retention import retention
from planning.bucket.simulation import DAYS_PER_MONTH, Start, report_bytes, simulate
from planning.errors import PlanningError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planning.assumptions import Assumptions
    from planning.users.user_list import UserList
    from settings.environment import Environment

MONTHS = 24
DRAWS = 4000
SEED = 25
OLD_DAYS, TOO_OLD_DAYS = 31, 731
MOST_USERS = 1e9


class Quantiles(NamedTuple):
    """Half of the draws are below `p50`, nine of ten below `p90`, 99 of 100 below `p99`."""

    p50: float
    p90: float
    p99: float


@dataclass(frozen=True)
class Forecast:
    """Quantiles of the months that begin on `start`; a month has 30.4 days.

    `users` and `bucket_bytes` are at a month's end. `settles_today` is the size at which the bucket settles,
    in bytes, if the users of `start` stay and none is added, and `settles_at_end` for those of the last month.
    """

    start: date
    month_ends: tuple[date, ...]
    users: tuple[Quantiles, ...]
    reports_per_month: tuple[Quantiles, ...]
    bucket_bytes: tuple[Quantiles, ...]
    signups_next_year: Quantiles
    settles_today: Quantiles
    settles_at_end: Quantiles
    growth: Growth | None
    notes: tuple[str, ...]


def forecast(
    settings: Environment, users: UserList, assumptions: Assumptions, today: date, seed: int = SEED
) -> Forecast:
    """Simulate the 24 months from `today` on, in which the environment answers the users of a list.

    Raises PlanningError for a list that is too old, or whose growth cannot go on.
    """
    gap = max(0, (today - users.last).days)
    if gap > TOO_OLD_DAYS:
        raise PlanningError(f"{users.name}: its last sign-up is of {users.last}.", hint="Export a newer list.")
    growth = fit_growth(users, today, assumptions.users.growth_spread)
    reporting = users.reporting(anonymous=settings.supabase.allow_anonymous)
    ends = [round(DAYS_PER_MONTH * month) for month in range(MONTHS + 1)]
    kept = retention(settings.retention_days, assumptions)
    draws = simulate(
        Start(users.total, reporting, users.last, gap), growth, assumptions.users, assumptions.photos, kept,
        days=ends[-1], draws=DRAWS, random=np.random.default_rng(seed),
    )  # fmt: skip
    months = list(zip(ends, ends[1:], strict=False))
    at_end = tuple(_quantiles(draws.users[:, end - 1]) for _, end in months)
    if at_end[-1].p50 > MOST_USERS:
        raise PlanningError(
            f"{users.name}: its growth would lead to {at_end[-1].p50:.0e} users in {MONTHS} months.",
            hint="Say how much of it goes on: users.growth_continues in a file for --assume.",
        )
    per_report = report_bytes(assumptions.photos)[0] * kept.mean_days + kept.unused_bytes * 1.5
    return Forecast(
        start=today,
        month_ends=tuple(today + timedelta(days=end) for end in ends[1:]),
        users=at_end,
        reports_per_month=tuple(
            _quantiles(draws.reports[:, begin:end].sum(1) * (DAYS_PER_MONTH / (end - begin)))
            for begin, end in months
        ),
        bucket_bytes=tuple(_quantiles(draws.stored_bytes[:, end - 1]) for _, end in months),
        signups_next_year=_quantiles(draws.signups[:, : ends[12]].sum(1)),
        settles_today=_quantiles(draws.reports_rate[:, 0] * per_report),
        settles_at_end=_quantiles(draws.reports_rate[:, -1] * per_report),
        growth=growth,
        notes=(),
    )


def _quantiles(values: NDArray[np.float64]) -> Quantiles:
    return Quantiles(*(float(value) for value in np.quantile(values, (0.5, 0.9, 0.99))))
