"""What an environment needs for the reports of a month: instances, tasks, seconds and money."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planning.cost.endpoint import endpoint_hours
from planning.cost.report import events, requests_of
from planning.cost.usage import usage
from planning.errors import PlanningError
from planning.latency.arrivals import busiest_hour
from planning.latency.configurations import Search, best_of
from planning.latency.service_times import service_times

if TYPE_CHECKING:
    from planning.latency.configurations import Configuration
    from planning.workload import Workload
    from settings.environment import Environment

MOST_PHOTOS = 8
MOST_TASKS = 100  # of the settings
TOO_MUCH = (
    "One environment is not enough for so many reports: choose larger service.cpu_units or another "
    "model.instance_type, or see `python -m planning expand`."
)


@dataclass(frozen=True)
class Needs:
    """What the reports need.

    `endpoint` is the cheapest way to run the settings' instance type in their mode within the goal; None if
    none meets it. `slowest_s` are the seconds of the model for the most photos, and `tasks` those of the
    service in the busiest hour.
    """

    workload: Workload
    endpoint: Configuration | None
    slowest_s: float
    estimated: bool
    tasks: int


def needs(settings: Environment, workload: Workload, seed: int) -> Needs:
    """Simulate the endpoint, and count the service's tasks.

    Raises PlanningError for more reports than one environment's tasks can take, and for an instance type
    without known seconds or price.
    """
    tasks = tasks_needed(settings, workload)
    if tasks > MOST_TASKS:
        raise PlanningError(
            f"{workload.reports_per_month:,.0f} reports a month need {tasks:,} tasks in the busiest hour, "
            f"and service.max_tasks is at most {MOST_TASKS}.",
            hint=TOO_MUCH,
        )
    model = settings.model
    search = Search(settings, workload, seed)
    ways = [
        way
        for way in search.alternatives(model.instance_type)
        if way.meets and way.mode == model.mode and way.schedule == model.schedule
    ]
    times = service_times(model.instance_type, settings)
    return Needs(
        workload=workload,
        endpoint=best_of(ways) if ways else None,
        slowest_s=times.seconds(MOST_PHOTOS),
        estimated=times.estimated,
        tasks=tasks,
    )


def tasks_needed(settings: Environment, workload: Workload) -> int:
    """Return the tasks that the busiest hour needs, by CPU time and by requests, as the stacks scale them."""
    reports = workload.reports_per_month
    if not reports:
        return 1
    counts = events(settings, workload, endpoint_hours(settings, workload))
    cpu_s = usage().amounts(counts, workload.assumptions.photos.mean_per_report)["cpu_s"] / reports
    requests = requests_of(counts) / reports
    hourly, vcpu, known = busiest_hour(workload), settings.service.cpu_units / 1024, usage().tasks
    by_cpu = hourly * cpu_s / 3600 / (vcpu * known.cpu_share)
    by_requests = hourly * requests / 60 / (vcpu * known.requests_per_minute)
    return max(1, math.ceil(max(by_cpu, by_requests)))
