"""How the endpoint's instances follow the requests, as `stacks/model/scaling.py` declares it and AWS does it.

A policy of target tracking watches the requests of a minute, or the backlog, for each instance. Above the
target in three minutes it asks for as many instances as would meet it; 10 % below it in fifteen minutes, for
one less. While an instance starts nothing else changes: SageMaker refuses to update an endpoint twice at
once. An async endpoint with a minimum of zero has step policies: one instance in the minute in which a
request waits and none runs, none after fifteen minutes without a request, and one less of several as by the
target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from planning.errors import PlanningError
from settings.model import WAKE_MINUTES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time

    from settings.model import Day, Schedule

Mode = Literal["realtime", "async"]
MINUTE_S = 60.0
REQUESTS_PER_MINUTE, BACKLOG = 20, 5
"""The targets for each instance, of a realtime and of an async endpoint."""
OUT_COOLDOWN_S, IN_COOLDOWN_S = 300.0, 600.0
# The alarms that Application Auto Scaling makes for a policy of target tracking.
HIGH_MINUTES, LOW_MINUTES, LOW_SHARE = 3, 15, 0.9
IDLE_MINUTES = 15
START_S = WAKE_MINUTES * MINUTE_S
DAYS: tuple[Day, ...] = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAY_MINUTES = 24 * 60


def spoken_hours(schedule: Schedule) -> str:
    """Return the hours as in `from 08:00 to 18:00, Mon to Fri`; of every day without the days."""
    hours = f"from {schedule.start:%H:%M} to {schedule.stop:%H:%M}"
    places = [at for at, name in enumerate(DAYS) if name in schedule.days]
    names = [DAYS[at].capitalize() for at in places]
    if len(names) == len(DAYS):
        return hours
    follow = len(names) > 2 and places[-1] - places[0] == len(places) - 1
    return f"{hours}, " + (f"{names[0]} to {names[-1]}" if follow else ", ".join(names))


@dataclass(frozen=True)
class Bounds:
    """The least and the most instances; the least is 1 in the hours of a schedule."""

    least: int
    most: int
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most or self.most < 1:
            raise PlanningError(
                f"{self.least} to {self.most} instances: the most is at least 1 and no less than the least.",
                hint="Change min_instances or max_instances.",
            )

    @property
    def fixed(self) -> bool:
        """Whether the number of instances never changes."""
        return self.least == self.most and self.schedule is None

    def least_by_minute(self, weekdays: Sequence[int]) -> list[int]:
        """Return the least number of instances in each minute of these days."""
        off = [self.least] * _DAY_MINUTES
        if (hours := self.schedule) is None:
            return off * len(weekdays)
        start, stop = _minutes(hours.start), _minutes(hours.stop)
        on = off[:start] + [max(1, self.least)] * (stop - start) + off[stop:]
        return [least for day in weekdays for least in (on if DAYS[day] in hours.days else off)]


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


class Policies:
    """Decide once a minute how many instances there should be."""

    def __init__(self, mode: Mode, bounds: Bounds) -> None:
        self._mode = mode
        self._most = bounds.most
        self._sleeps = bounds.least == 0
        self._target = BACKLOG if mode == "async" else REQUESTS_PER_MINUTE
        self._high = self._low = self._idle = 0
        self._changed_out = self._changed_in = -math.inf

    def wanted(self, now: float, running: int, least: int, requests: int, backlog: int) -> int:
        """Return the wanted instances.

        `requests` came within the last minute to a realtime endpoint, or were answered by an async one;
        `backlog` wait or are being answered. No instance is starting.
        """
        self._idle = 0 if requests or backlog else self._idle + 1
        if running < least:
            return least
        if running == 0:
            self._high = self._low = 0  # without instances the metric has no values
            return 1 if backlog and now - self._changed_out >= OUT_COOLDOWN_S else 0
        if self._sleeps and self._idle >= IDLE_MINUTES:
            return least
        per_instance = (backlog if self._mode == "async" else requests) / running
        self._high = self._high + 1 if per_instance > self._target else 0
        self._low = self._low + 1 if per_instance < LOW_SHARE * self._target else 0
        if self._high >= HIGH_MINUTES and now - self._changed_out >= OUT_COOLDOWN_S:
            self._changed_out, self._high = now, 0
            return max(least, min(self._most, math.ceil(running * per_instance / self._target)))
        cool = min(now - self._changed_in, now - self._changed_out) >= IN_COOLDOWN_S
        # An endpoint with requests keeps one instance.
        if self._low >= LOW_MINUTES and cool and running > max(1, least):
            self._changed_in = now
            return running - 1
        return running
