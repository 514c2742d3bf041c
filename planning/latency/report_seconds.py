"""The seconds of reports, from their acceptance to their end, with one way of running the endpoint."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from planning.errors import PlanningError
from planning.latency.arrivals import (
    DAY_S,
    HOUR_S,
    MOST_PER_MONTH,
    arrival_times,
    calendar,
    photos_of_reports,
)
from planning.latency.endpoint import Endpoint, simulate
from planning.latency.service_times import FILE
from planning.workload import HOURS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from planning.assumptions import LogNormal
    from planning.latency.service_times import ServiceTimes
    from planning.workload import Workload

_OF_P90 = 1.2815515655446004  # standard deviations above the median


@dataclass(frozen=True)
class Percentiles:
    """Seconds within which a half and 95 % of the reports end."""

    p50_s: float
    p95_s: float


@dataclass(frozen=True)
class Run:
    """What a simulated endpoint does: in ordinary weeks and on a busy day, in seconds, and its instances.

    `without_waiting_p95_s` is the percentile if no request waited for an instance: more of them do not help.
    """

    ordinary: Percentiles
    busy: Percentiles
    busy_p95_by_hour_s: tuple[float, ...]
    without_waiting_p95_s: float
    instance_hours_month: float
    most_instances: int


class Traffic:
    """Reports that come, drawn once, so that all ways of running the endpoint get the same ones."""

    def __init__(self, workload: Workload, seed: int) -> None:
        if workload.reports_per_month > MOST_PER_MONTH:
            raise PlanningError(
                f"{workload.reports_per_month:,.0f} reports a month are more than can be simulated: at most "
                f"{MOST_PER_MONTH:,}.",
                hint="Share the load between environments, and plan one of them.",
            )
        random = np.random.default_rng(seed)
        self.seed, self.days = seed, calendar(workload)
        self.arrivals = arrival_times(workload, self.days, random)
        self.photos = photos_of_reports(workload, self.arrivals.size, random)
        self.worded_s = _drawn(workload.assumptions.reports.worded_s, self.arrivals.size, random)
        day, of_day = np.divmod(self.arrivals, DAY_S)
        self.busy = np.asarray(self.days.busy)[day.astype(int)]
        self.hour = (of_day // HOUR_S).astype(int)

    def run(self, times: ServiceTimes, endpoint: Endpoint) -> Run:
        """Simulate an endpoint whose instances take these seconds."""
        photos: list[int] = self.photos.tolist()
        alone = {count: times.seconds(count) for count in range(1, 9)}

        def seconds(batch: Sequence[int]) -> float:
            if len(batch) == 1:
                return alone[photos[batch[0]]]
            return times.seconds(sum(photos[one] for one in batch), len(batch))

        random = np.random.default_rng(self.seed)
        served = simulate(self.arrivals, seconds, endpoint, random, self.days.weekdays)
        stages = _stages()
        at_model = served.ended - self.arrivals
        beside = stages["stores_s"] + stages["photo_s"] * self.photos + self.worded_s
        whole = at_model + beside + (stages["async_s"] if endpoint.mode == "async" else 0.0)
        waited = at_model - np.asarray([alone[count] for count in photos])
        busy = self.busy if self.busy.any() else np.ones_like(self.busy)
        ordinary = ~self.busy if (~self.busy).any() else np.ones_like(self.busy)
        return Run(
            _percentiles(whole[ordinary]),
            _percentiles(whole[busy]),
            tuple(_p95(whole[busy & (self.hour == hour)]) for hour in range(24)),
            max(_p95((whole - waited)[part]) for part in (ordinary, busy)),
            self._hours_a_month(served.instance_seconds),
            served.most_instances,
        )

    def _hours_a_month(self, instance_seconds: Callable[[float, float], float]) -> float:
        """Return the instance-hours of a month of ordinary days."""
        found = [
            instance_seconds(day * DAY_S, (day + 1) * DAY_S)
            for day, busy in enumerate(self.days.busy)
            if not busy
        ]
        return sum(found) / len(found) / DAY_S * HOURS_PER_MONTH


def _percentiles(seconds: NDArray[np.float64]) -> Percentiles:
    return Percentiles(float(np.percentile(seconds, 50)), _p95(seconds))


def _p95(seconds: NDArray[np.float64]) -> float:
    return float(np.percentile(seconds, 95)) if seconds.size else 0.0


def _drawn(spread: LogNormal, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    middle = math.log(spread.median)
    return random.lognormal(middle, (math.log(spread.p90) - middle) / _OF_P90, count)


@cache
def _stages() -> dict[str, float]:
    return dict(tomllib.loads(FILE.read_text("utf-8"))["stages"])
