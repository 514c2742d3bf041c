"""The bill of a month, as the endpoint is set up and as it could be."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any, Literal, get_args

from planning.cost.bill import Bill, Line, bill
from planning.cost.endpoint import endpoint_hours, window_hours
from planning.cost.idle import AT_MOST_METRICS, idle_cost
from planning.cost.report import report_lines
from planning.prices.price_list import price_list
from settings.model import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planning.workload import Workload
    from settings.environment import Environment

# realtime: always on, answers in the request. office hours, async: zero instances, by schedule and without.
# batch: an async endpoint that exists in one window a night, by `ops resume` and `ops pause`; reports wait.
Mode = Literal["realtime", "office hours", "async", "batch"]
MODES: tuple[Mode, ...] = get_args(Mode)
OFFICE_HOURS = Schedule(
    days=("MON", "TUE", "WED", "THU", "FRI"), start=time(8), stop=time(18), time_zone="America/Toronto"
)


def mode_of(settings: Environment) -> Mode:
    """Return the mode that the settings have; an async endpoint that never sleeps counts as realtime."""
    model = settings.model
    if model.mode == "realtime" or model.min_instances > 0:
        return "realtime"
    return "async" if model.schedule is None else "office hours"


def in_mode(settings: Environment, mode: Mode) -> Environment:
    """Return the settings with their endpoint in a mode and not paused; unchanged if it is so already."""
    model = settings.model
    if mode == mode_of(settings) and not model.paused:
        return settings
    changes: dict[str, Any] = {"mode": "async", "min_instances": 0, "schedule": None, "paused": False}
    if mode == mode_of(settings):
        changes = {"paused": False}
    elif mode == "realtime":
        changes |= {"mode": "realtime", "min_instances": 1}
    elif mode == "office hours":
        changes |= {"schedule": model.schedule or OFFICE_HOURS}
    return settings.model_copy(update={"model": model.model_copy(update=changes)})


def possible_modes(settings: Environment) -> tuple[Mode, ...]:
    """Return the modes that the instance type can have: AWS does not scale ml.t types."""
    return ("realtime", "batch") if settings.model.instance_type.startswith("ml.t") else MODES


def monthly(
    settings: Environment,
    templates: Iterable[Mapping[str, Any]],
    workload: Workload,
    mode: Mode | None = None,
) -> Bill:
    """Return the bill of a month with so many reports, in a mode, by default that of the settings.

    `templates` are those of `in_mode(settings, mode)`; those of `settings` differ in cents for alarms. Raises
    UnpricedResourceError, UnknownPriceError, or PlanningError for an instance type without known times.
    """
    return bill([*lines_without_reports(settings, templates), *lines_of_reports(settings, workload, mode)])


def lines_without_reports(settings: Environment, templates: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Return what a month costs beside reports and endpoint: the same in every mode, but for an alarm."""
    idle = idle_cost(settings, templates)
    return [line for line in idle if line.what != AT_MOST_METRICS and line.part != "model"]


def lines_of_reports(settings: Environment, workload: Workload, mode: Mode | None = None) -> list[Line]:
    """Return what the endpoint and the reports of a month cost in a mode, by default that of the settings."""
    settings = in_mode(settings, mode) if mode is not None else settings
    endpoint = window_hours(settings, workload) if mode == "batch" else endpoint_hours(settings, workload)
    prices = price_list(settings.region)
    reports = report_lines(settings, workload, prices, endpoint, followed=mode != "batch")
    model, usd = settings.model, endpoint.hours * settings.model.usd_per_hour
    what = f"SageMaker {model.instance_type}, instance-hours"
    return [Line(what, endpoint.hours, usd, part="model"), *reports]
