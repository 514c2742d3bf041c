"""What a list of users leads to in 24 months: users, reports and the size of the bucket, as quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planning.bucket.activity import active_share
from planning.bucket.growth import fit_growth
from planning.bucket.retention import retention
from planning.bucket.sensitivity import Plan
from planning.bucket.simulation import DAYS_PER_MONTH, Start, report_bytes, simulate
from planning.errors import PlanningError, UserListError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planning.assumptions import Assumptions
    from planning.users.user_list import UserList
    from settings.environment import Environment

MONTHS = 24
DRAWS = 2000
SEED = 25
ENDS = tuple(round(DAYS_PER_MONTH * month) for month in range(MONTHS + 1))
"""The day on which each month ends, counted from the start; the first is the start."""
OLDEST_DAYS = 731
MOST_USERS = 1e9


class Quantiles(NamedTuple):
    """Half of the draws are below `p50`, nine of ten below `p90`, 99 of 100 below `p99`."""

    p50: float
    p90: float
    p99: float


@dataclass(frozen=True)
class Forecast:
    """Quantiles of 24 months from `plan`'s day `start` on; a month has 30.4 days.

    `users` and `bucket_bytes` are those of a month's last day. `settles_today` is the size in bytes at which
    the bucket settles if no user is added to those of the start, `settles_at_end` to those of the last month.
    """

    start: date
    month_ends: tuple[date, ...]
    users: tuple[Quantiles, ...]
    reports_per_month: tuple[Quantiles, ...]
    bucket_bytes: tuple[Quantiles, ...]
    signups_next_year: Quantiles
    settles_today: Quantiles
    settles_at_end: Quantiles
    plan: Plan
    active_measured: bool


def forecast(
    settings: Environment,
    users: UserList,
    assumptions: Assumptions,
    today: date,
    seed: int = SEED,
    *,
    draws: int = DRAWS,
) -> Forecast:
    """Simulate the 24 months from `today` on, in which the environment serves the users of a list.

    Raises UserListError for a list that is too old or has no user who can make a report, and PlanningError
    for a growth that cannot go on for so long.
    """
    plan, measured = _plan(settings, users, assumptions, today)
    kept = retention(settings.retention_days, assumptions)
    drawn = simulate(
        plan.start, plan.growth, plan.active_share, assumptions, kept,
        days=ENDS[-1], draws=draws, random=np.random.default_rng(seed),
    )  # fmt: skip
    months = list(pairwise(ENDS))
    at_end = tuple(_quantiles(drawn.users[:, end - 1]) for _, end in months)
    if at_end[-1].p50 > MOST_USERS:
        raise PlanningError(
            f"{users.name}: its growth leads to {at_end[-1].p50:.0e} users in {MONTHS} months.",
            hint="Say how much of it goes on: users.growth_continues, below 1, in a file for --assume.",
        )
    per_report = kept.settled(report_bytes(assumptions.photos)[0])
    return Forecast(
        start=today,
        month_ends=tuple(today + timedelta(days=end) for _, end in months),
        users=at_end,
        reports_per_month=tuple(
            _quantiles(drawn.reports[:, begin:end].sum(1) * (DAYS_PER_MONTH / (end - begin)))
            for begin, end in months
        ),
        bucket_bytes=tuple(_quantiles(drawn.stored_bytes[:, end - 1]) for _, end in months),
        signups_next_year=_quantiles(drawn.signups[:, : ENDS[12]].sum(1)),
        settles_today=_quantiles(drawn.reports_rate[:, 0] * per_report),
        settles_at_end=_quantiles(drawn.reports_rate[:, -1] * per_report),
        plan=plan,
        active_measured=measured,
    )


def _plan(settings: Environment, users: UserList, assumptions: Assumptions, today: date) -> tuple[Plan, bool]:
    gap = max(0, (today - users.last).days - 1)  # whole days between the list's last one and today
    if gap > OLDEST_DAYS:
        raise UserListError(
            users.name, f"its last sign-up is of {users.last}, two years ago", "Export the list again."
        )
    reporting = users.reporting(anonymous=settings.supabase.allow_anonymous)
    if reporting == 0:
        kinds = ", ".join(users.left_out)
        raise UserListError(users.name, f"all its users are {kinds}", "Such users can make no report.")
    active, measured = active_share(users.active, reporting, assumptions.users)
    plan = Plan(
        start=Start(users.total, reporting, users.last, gap),
        growth=fit_growth(users, today, assumptions.users.growth_spread),
        active_share=active,
        active=active.mean,
        assumptions=assumptions,
        retention_days=settings.retention_days,
    )
    return plan, measured


def _quantiles(values: NDArray[np.float64]) -> Quantiles:
    return Quantiles(*(float(value) for value in np.quantile(values, (0.5, 0.9, 0.99))))
