"""When reports come: ordinary weeks by hour and weekday, each followed by one busy day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planning.assumptions import Arrivals
    from planning.workload import Workload

DAY_S, HOUR_S = 86_400, 3600
DAYS_PER_MONTH = 730 / 24
# Reports enough to tell a 95th percentile, and the weeks that are simulated for them at most.
ENOUGH_REPORTS, MOST_WEEKS = 3000, 12
LEAST_PER_MONTH = 10
"""Reports a month below which an endpoint is as idle as with so many."""
# Above so many reports in a week, the heaviest weekday alone is simulated, as an ordinary day and as a busy one.
MOST_REPORTS = 150_000


@dataclass(frozen=True)
class Calendar:
    """The simulated days: the weekday of each (0 is Monday), and which of them are busy."""

    weekdays: tuple[int, ...]
    busy: tuple[bool, ...]

    @property
    def seconds(self) -> float:
        """The length of the simulated time."""
        return float(len(self.weekdays) * DAY_S)


def calendar(workload: Workload) -> Calendar:
    """Return as many weeks, each with a busy day after it, as give enough reports to tell a percentile."""
    days = workload.assumptions.arrivals.days
    heaviest = days.index(max(days))
    in_week = max(workload.reports_per_month, LEAST_PER_MONTH) / DAYS_PER_MONTH * 7
    if in_week > MOST_REPORTS:
        return Calendar((heaviest, heaviest), (False, True))
    weeks = min(MOST_WEEKS, math.ceil(ENOUGH_REPORTS / in_week))
    return Calendar((*range(7), heaviest) * weeks, (*[False] * 7, True) * weeks)


def hourly_rates(arrivals: Arrivals, reports_per_month: float, weekday: int, busy: bool) -> NDArray[np.float64]:
    """Return the mean number of reports in each of the 24 hours of a day."""
    hours, days = np.asarray(arrivals.hours), np.asarray(arrivals.days)
    of_day = reports_per_month / DAYS_PER_MONTH * days[weekday] / days.mean()
    rates: NDArray[np.float64] = of_day * (arrivals.peak_over_mean if busy else 1.0) * hours / hours.sum()
    return rates


def busiest_hour(workload: Workload) -> float:
    """Return the mean number of reports in the busiest hour of the busy day."""
    arrivals = workload.assumptions.arrivals
    heaviest = arrivals.days.index(max(arrivals.days))
    return float(hourly_rates(arrivals, workload.reports_per_month, heaviest, busy=True).max())


def arrival_times(
    workload: Workload, days: Calendar, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return the seconds at which reports come, in order: in each hour at random, at the hour's rate."""
    arrivals = workload.assumptions.arrivals
    monthly = max(workload.reports_per_month, LEAST_PER_MONTH)
    rates = np.concatenate(
        [hourly_rates(arrivals, monthly, *day) for day in zip(days.weekdays, days.busy, strict=True)]
    )
    hours = np.repeat(np.arange(rates.size), random.poisson(rates))
    return np.sort((hours + random.random(hours.size)) * HOUR_S)


def photos_of_reports(
    workload: Workload, count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Return a number of photos for each report, from the assumed shares."""
    shares = np.asarray(workload.assumptions.photos.per_report)
    return random.choice(np.arange(1, shares.size + 1), size=count, p=shares / shares.sum())
