"""How many hours a month the endpoint's instances run, and how long reports wait for one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planning.cost.usage import usage
from planning.latency.scaling import DAYS
from planning.latency.service_times import service_times
from planning.workload import DAYS_PER_MONTH, HOURS_PER_MONTH, HOURS_PER_WEEK
from settings.model import WAKE_MINUTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planning.workload import Workload
    from settings.environment import Environment
    from settings.model import Model, Schedule

WAKE_H = WAKE_MINUTES / 60
# An endpoint that exists in one window a night: as many instances as need no more than this.
LONGEST_WINDOW_H = 6.0
# Reports an hour that are none.
NEVER = 1e-9
# With more reports than this in the time after which it sleeps, an endpoint runs for months.
MOST_WITHIN = 20.0


@dataclass(frozen=True)
class EndpointHours:
    """Instance-hours of a month, of which `scheduled` are kept regardless of requests.

    `wait_s` is how long a report waits for an instance to start, on average over all reports.
    """

    hours: float
    scheduled: float = 0.0
    wait_s: float = 0.0


def seconds_per_report(settings: Environment, workload: Workload) -> float:
    """Return the endpoint's seconds of a report, over the assumed numbers of photos."""
    times = service_times(settings.model.instance_type, settings)
    shares = workload.assumptions.photos.per_report
    return sum(share * times.seconds(count) for count, share in enumerate(shares, 1)) / sum(shares)


def endpoint_hours(settings: Environment, workload: Workload) -> EndpointHours:
    """Return the hours of the endpoint as the settings have it, under the workload of an average week."""
    model = settings.model
    if model.paused:
        return EndpointHours(0.0)
    seconds = seconds_per_report(settings, workload)
    weekly = workload.hourly()
    kept = scheduled_hours(model.schedule)
    hours = waited = 0.0
    for rate, scheduled in zip(weekly, kept, strict=True):
        if model.min_instances == 0:
            asleep, wait_s = sleeping(rate * (1 - scheduled), seconds)
            awake = (1 - scheduled) * (1 - asleep)
            hours += scheduled * max(1, _needed(model, rate, seconds))
            hours += awake * max(1, _needed(model, rate, seconds))
            waited += rate * (1 - scheduled) * wait_s
        else:
            hours += _needed(model, rate, seconds)
    to_month = HOURS_PER_MONTH / HOURS_PER_WEEK
    reports = sum(weekly)
    always = sum(kept) if model.min_instances == 0 else model.min_instances * HOURS_PER_WEEK
    return EndpointHours(hours * to_month, always * to_month, waited / reports if reports else 0.0)


def window_hours(settings: Environment, workload: Workload) -> EndpointHours:
    """Return the hours of an endpoint that exists in one window a night, for the reports of a day."""
    work_h = workload.reports_per_month / DAYS_PER_MONTH * seconds_per_report(settings, workload) / 3600
    instances = max(1, math.ceil(work_h / LONGEST_WINDOW_H))
    return EndpointHours(DAYS_PER_MONTH * (instances * WAKE_H + work_h))


def sleeping(rate: float, seconds: float) -> tuple[float, float]:
    """Return the share of time without an instance, and the mean seconds that a report waits for one.

    Of an endpoint that scales to zero, with `rate` reports an hour that arrive at random and take `seconds`
    each, in a cycle: it sleeps until a report arrives, starts for WAKE_MINUTES, works off what has come
    meanwhile, and sleeps again after the first `idle_minutes` in a row without a report. An instance is
    billed while it starts.
    """
    # Whole minutes count: half of one passes before the first.
    idle_h = (usage().endpoint.idle_minutes + 0.5) / 60
    load = rate * seconds / 3600
    if rate < NEVER:
        return 1.0, 0.0
    if load >= 1 or rate * idle_h > MOST_WITHIN:
        return 0.0, 0.0
    one_h = seconds / 3600 / (1 - load)
    worked_off = (1 + rate * WAKE_H) * one_h
    # Until the first gap between reports that is long enough; each shorter one ends in a report.
    linger = math.expm1(rate * idle_h) * (1 / rate + one_h)
    asleep = 1 / rate
    cycle = asleep + WAKE_H + worked_off + linger
    # The report that wakes it waits for all of the start, those that come during the start for half of it.
    waited = WAKE_H + rate * WAKE_H * WAKE_H / 2
    return asleep / cycle, 3600 * waited / (rate * cycle)


def scheduled_hours(schedule: Schedule | None) -> Sequence[float]:
    """Return the share of each hour of a week, from Monday 0:00, for which a schedule keeps an instance."""
    if schedule is None:
        return (0.0,) * HOURS_PER_WEEK
    start = schedule.start.hour + schedule.start.minute / 60
    stop = schedule.stop.hour + schedule.stop.minute / 60
    day = tuple(max(0.0, min(stop, hour + 1) - max(start, hour)) for hour in range(24))
    return tuple(share for name in DAYS for share in (day if name in schedule.days else (0.0,) * 24))


def missing_instances(settings: Environment, workload: Workload) -> int:
    """Return how many instances more than `max_instances` the busiest hour of a week needs; 0 if none."""
    model, seconds = settings.model, seconds_per_report(settings, workload)
    return max(0, _wanted(model, max(workload.hourly()), seconds) - model.max_instances)


def _needed(model: Model, rate: float, seconds: float) -> int:
    return min(max(_wanted(model, rate, seconds), model.min_instances), model.max_instances)


def _wanted(model: Model, rate: float, seconds: float) -> int:
    known = usage().endpoint
    needed = math.ceil(rate * seconds / 3600 / known.busy_share)
    if model.mode == "realtime":
        needed = max(needed, math.ceil(rate / 60 / known.requests_per_minute))
    return needed
