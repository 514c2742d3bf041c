"""Finds the cheapest way to run the endpoint that meets the goal on a busy day.

Instance type, mode, bounds of the instances and a schedule vary. Every way gets the same reports.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import time
from functools import cached_property
from typing import TYPE_CHECKING, get_args

from planning.errors import PlanningError
from planning.latency.arrivals import busiest_hour
from planning.latency.endpoint import Endpoint
from planning.latency.report_seconds import Run, Traffic
from planning.latency.scaling import DAYS, Bounds, Mode, spoken_hours
from planning.latency.service_times import ModelSize, ServiceTimes, model_size, service_times
from planning.prices.price_list import price_list
from settings.model import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planning.workload import Workload
    from settings.environment import Environment

MOST_INSTANCES = 20
"""The most that the settings allow."""
IN_SCHEDULE = 0.97
"""Share of the reports that come within the hours of a proposed schedule."""


@dataclass(frozen=True)
class Configuration:
    """One way to run the endpoint, what it does, and what its instances cost in a month."""

    model: ModelSize
    instance_type: str
    mode: Mode
    min_instances: int
    max_instances: int
    schedule: Schedule | None
    run: Run
    usd_month: float
    goal_s: float
    estimated: bool

    @property
    def meets(self) -> bool:
        """Whether 95 % of the reports end within the goal, on a busy day and in ordinary weeks."""
        return max(self.run.busy.p95_s, self.run.ordinary.p95_s) <= self.goal_s

    def words(self) -> str:
        """Return the configuration in words, as in `ml.g4dn.xlarge, async, 1 to 2 instances`."""
        least, most = self.min_instances, self.max_instances
        plural = "" if most == 1 else "s"
        count = f"{most} instance{plural}" if least == most else f"{least} to {most} instance{plural}"
        if self.schedule is not None:
            count += f", 1 kept {spoken_hours(self.schedule)}"
        return f"{self.instance_type}, {self.mode}, {count}"


class NoConfigurationError(PlanningError):
    """No way to run the endpoint meets the goal."""


class Search:
    """Simulates ways to run a model; instance types with equal seconds share their runs."""

    def __init__(
        self,
        settings: Environment,
        workload: Workload,
        seed: int,
        *,
        model: ModelSize | None = None,
        goal_s: float | None = None,
        batch_up_to: int = 1,
    ) -> None:
        self._settings, self._workload, self._batch = settings, workload, batch_up_to
        self.model = model or model_size(settings)
        self.goal_s = goal_s or float(settings.alarms.report_goal_s)
        self.seed = seed
        self._runs: dict[object, Run] = {}

    @cached_property
    def traffic(self) -> Traffic:
        """The reports, the same for all ways. Raises PlanningError for more than can be simulated."""
        return Traffic(self._workload, self.seed)

    def with_reports(self, reports_per_month: float) -> Search:
        """Return the same search for another number of reports a month."""
        workload = replace(self._workload, reports_per_month=reports_per_month)
        return Search(
            self._settings,
            workload,
            self.seed,
            model=self.model,
            goal_s=self.goal_s,
            batch_up_to=self._batch,
        )

    def current(self) -> Configuration:
        """Return the way that the settings have, with the settings' model."""
        model = self._settings.model
        bounds = Bounds(model.min_instances, model.max_instances, model.schedule)
        return self.configuration(model.instance_type, model.mode, bounds)

    def configuration(self, instance_type: str, mode: Mode, bounds: Bounds) -> Configuration:
        """Simulate one way; raises PlanningError for a type without known seconds or price."""
        times = service_times(instance_type, self._settings, self.model)
        run = self._run(times, mode, bounds)
        return Configuration(
            self.model,
            instance_type,
            mode,
            bounds.least,
            bounds.most,
            bounds.schedule,
            run,
            run.instance_hours_month * self._usd_per_hour(instance_type),
            self.goal_s,
            times.estimated,
        )

    def instance_types(self) -> Iterator[str]:
        """Yield the types that can serve the model, by price; of those with equal seconds, the cheapest.

        The settings' own type is always among them if it can serve the model.
        """
        own = self._settings.model.instance_type
        seen = set()
        for one in sorted({own, *price_list(self._settings.region).instance_types()}, key=self._usd_per_hour):
            try:
                times = service_times(one, self._settings, self.model)
            except PlanningError:
                continue
            known = (times.photos, times.more_s)
            if one == own or not (known in seen or (self.model == "demo" and times.estimated)):
                yield one
            seen.add(known)

    def alternatives(self, instance_type: str) -> Iterator[Configuration]:
        """Yield the ways of a type: fixed, between bounds, and for async from zero, by schedule too.

        Where 20 instances at a time cannot do the work of the busiest hour, there are none.
        """
        for mode in get_args(Mode):
            fixed = self.fewest(instance_type, mode)
            if fixed is None:
                return
            yield fixed
            if instance_type.startswith("ml.t"):  # AWS does not scale them
                continue
            if fixed.max_instances > 1:
                yield self._between(instance_type, mode, fixed.max_instances)
            if mode == "async":
                # Of equal prices and seconds the first is taken: the one without a schedule.
                yield self._capped(instance_type, mode, Bounds(0, MOST_INSTANCES))
                for schedule in self._schedules():
                    yield self._capped(instance_type, mode, Bounds(0, MOST_INSTANCES, schedule))

    def _load(self, instance_type: str) -> float:
        """Return the instances that are busy all the time in the busiest hour."""
        times = service_times(instance_type, self._settings, self.model)
        shares = self._workload.assumptions.photos.per_report
        mean = sum(share * times.seconds(n) for n, share in enumerate(shares, 1)) / sum(shares)
        if self._batch > 1:
            photos = self._workload.assumptions.photos.mean_per_report
            mean = times.seconds(round(photos * self._batch), self._batch) / self._batch
        return busiest_hour(self._workload) * mean / 3600

    def fewest(self, instance_type: str, mode: Mode) -> Configuration | None:
        """Return the fewest instances, always on, that meet the goal, or as many as could help.

        None where as many as the settings allow cannot do the work of the busiest hour.
        """
        work = self._load(instance_type)
        if work >= MOST_INSTANCES:
            return None
        least = math.floor(work) + 1
        found = self.configuration(instance_type, mode, Bounds(least, least))
        helps = found.run.without_waiting_p95_s <= self.goal_s
        while helps and not found.meets and found.max_instances < MOST_INSTANCES:
            more = found.max_instances + 1
            found = self.configuration(instance_type, mode, Bounds(more, more))
        return found

    def _between(self, instance_type: str, mode: Mode, fixed: int) -> Configuration:
        """Return the bounds with the least minimum below `fixed` that meets the goal, by bisection."""
        low, high = 1, fixed - 1
        best = self._capped(instance_type, mode, Bounds(high, MOST_INSTANCES))
        while low < high and best.meets:
            middle = (low + high) // 2
            found = self._capped(instance_type, mode, Bounds(middle, MOST_INSTANCES))
            if found.meets:
                best, high = found, middle
            else:
                low = middle + 1
        return best

    def _capped(self, instance_type: str, mode: Mode, bounds: Bounds) -> Configuration:
        """Simulate these bounds; the most instances that ran become the maximum."""
        found = self.configuration(instance_type, mode, bounds)
        return replace(found, max_instances=max(1, found.run.most_instances))

    def _schedules(self) -> Iterator[Schedule]:
        own = self._settings.model.schedule
        if own is not None:
            yield own
        arrivals = self._workload.assumptions.arrivals
        first, hours = busy_window(arrivals.hours)
        if hours < 24:
            last = first + hours
            stop = time(23, 59) if last == 24 else time(last)
            zone = own.time_zone if own is not None else "America/Toronto"
            yield Schedule(days=DAYS, start=time(first), stop=stop, time_zone=zone)

    def _run(self, times: ServiceTimes, mode: Mode, bounds: Bounds) -> Run:
        key = (times.photos, times.more_s, mode, bounds)
        if key not in self._runs:
            self._runs[key] = self.traffic.run(times, Endpoint.of_mode(mode, bounds, self._batch))
        return self._runs[key]

    def _usd_per_hour(self, instance_type: str) -> float:
        model = self._settings.model
        if instance_type == model.instance_type:
            return model.usd_per_hour
        return price_list(self._settings.region).usd(instance_type)


def busy_window(hours: tuple[float, ...], share: float = IN_SCHEDULE) -> tuple[int, int]:
    """Return the first hour and the length of the shortest part of a day with this share of its reports."""
    whole = sum(hours)
    for length in range(1, len(hours)):
        most, first = max((sum(hours[at : at + length]), -at) for at in range(len(hours) - length + 1))
        if most >= share * whole:
            return -first, length
    return 0, len(hours)


def cheapest(
    settings: Environment,
    workload: Workload,
    seed: int,
    *,
    model: ModelSize | None = None,
    goal_s: float | None = None,
    instance_type: str | None = None,
) -> Configuration:
    """Return the cheapest configuration that meets the goal, by default the settings' `report_goal_s`.

    `instance_type` limits the choice to one. Of equal prices, the faster one is taken. Raises
    NoConfigurationError if none meets the goal, and PlanningError for more reports than can be simulated, or
    for a type without known seconds or price.
    """
    search = Search(settings, workload, seed, model=model, goal_s=goal_s)
    types = search.instance_types() if instance_type is None else (instance_type,)
    found = [one for kind in types for one in search.alternatives(kind) if one.meets]
    if not found:
        raise no_configuration(workload, search.goal_s)
    return best_of(found)


def best_of(found: list[Configuration]) -> Configuration:
    """Return the cheapest configuration, the faster one of equal prices."""
    return min(found, key=lambda one: (round(one.usd_month, 2), one.run.busy.p95_s))


def no_configuration(workload: Workload, goal_s: float) -> NoConfigurationError:
    """Return the error that says which goal cannot be met."""
    return NoConfigurationError(
        f"No instance type with a price meets {goal_s:g} s for 95 % of {workload.reports_per_month:,.0f} "
        f"reports a month with at most {MOST_INSTANCES} instances.",
        hint="Raise [alarms] report_goal_s, or share the load between environments.",
    )
