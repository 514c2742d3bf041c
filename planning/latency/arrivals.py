"""When reports come: ordinary weeks by hour and weekday, each followed by one busy day."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planning.workload import Workload

DAY_S, HOUR_S = 86_400, 3600
# Reports enough to tell a 95th percentile, and the weeks that are simulated for them at most.
ENOUGH_REPORTS, MOST_WEEKS = 2000, 6
LEAST_PER_MONTH = 10.0
"""Reports a month below which an endpoint is as idle as with so many."""
# Above so many reports in a week the heaviest weekday alone is simulated, as an ordinary and as a busy day.
MOST_REPORTS = 60_000
MOST_PER_MONTH = 20_000_000
"""Reports a month that are simulated at most: more than 20 of the fastest instances could answer."""


@dataclass(frozen=True)
class Calendar:
    """The simulated days: the weekday of each (0 is Monday), and which of them are busy."""

    weekdays: tuple[int, ...]
    busy: tuple[bool, ...]


def calendar(workload: Workload) -> Calendar:
    """Return as many weeks, each with a busy day after it, as give enough reports to tell a percentile."""
    days = workload.assumptions.arrivals.days
    heaviest = days.index(max(days))
    in_week = sum(_hourly(workload))
    if in_week > MOST_REPORTS:
        return Calendar((heaviest, heaviest), (False, True))
    weeks = min(MOST_WEEKS, math.ceil(ENOUGH_REPORTS / in_week))
    return Calendar((*range(7), heaviest) * weeks, (*[False] * 7, True) * weeks)


def busiest_hour(workload: Workload) -> float:
    """Return the mean number of reports in the busiest hour of the busy day."""
    return max(_hourly(workload)) * workload.assumptions.arrivals.peak_over_mean


def arrival_times(workload: Workload, days: Calendar, random: np.random.Generator) -> NDArray[np.float64]:
    """Return the seconds at which reports come, in order: in each hour at random, at the hour's rate."""
    of_week, peak = np.reshape(_hourly(workload), (7, 24)), workload.assumptions.arrivals.peak_over_mean
    rates = [of_week[day] * (peak if busy else 1) for day, busy in zip(days.weekdays, days.busy, strict=True)]
    counts = random.poisson(np.concatenate(rates))
    hours = np.repeat(np.arange(counts.size), counts)
    return np.sort((hours + random.random(hours.size)) * HOUR_S)


def _hourly(workload: Workload) -> tuple[float, ...]:
    return replace(workload, reports_per_month=max(LEAST_PER_MONTH, workload.reports_per_month)).hourly()


def photos_of_reports(workload: Workload, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return a number of photos for each report, from the assumed shares."""
    shares = np.asarray(workload.assumptions.photos.per_report)
    return random.choice(np.arange(1, shares.size + 1), size=count, p=shares / shares.sum())
