"""What the reports of a month need of the endpoint and the service."""

from datetime import time

import pytest

from planning.assumptions import load_assumptions
from planning.latency.service_times import service_times
from planning.proposals.needs import Needs, needs, tasks_needed
from planning.workload import Workload
from settings.environment import Environment
from tests.stacks.assemblies import changed


def needed(reports: float, settings: Environment) -> Needs:
    return needs(settings, Workload(reports, load_assumptions()), seed=25)


def test_goal_keeps_an_instance_awake() -> None:
    best = needed(100, changed("prod")).endpoint
    # From zero a report waits minutes for an instance, so 95 % within 10 s need one that runs.
    assert best is not None and best.meets
    assert (best.mode, best.instance_type, best.schedule) == ("async", "ml.m5.large", None)
    assert best.min_instances == 1


def test_loose_goal_lets_the_endpoint_sleep() -> None:
    prod = changed("prod", alarms={"report_goal_s": 3600})
    best = needed(100, prod).endpoint
    assert best is not None and best.min_instances == 0


def test_schedule_of_the_settings_stays() -> None:
    schedule = {"days": ("MON",), "start": time(8), "stop": time(18), "time_zone": "America/Toronto"}
    prod = changed("prod", model={"schedule": schedule}, alarms={"report_goal_s": 3600})
    best = needed(100, prod).endpoint
    assert best is not None and best.schedule == prod.model.schedule
    assert best.min_instances == 0


def test_slow_type_meets_no_goal() -> None:
    prod = changed("prod", alarms={"report_goal_s": 1})
    found = needed(100, prod)
    assert found.endpoint is None
    assert found.slowest_s == service_times("ml.m5.large", prod).seconds(8)


@pytest.mark.parametrize(("reports", "vcpu"), [(1_000, 1024), (2_000_000, 1024), (2_000_000, 4096)])
def test_tasks_carry_the_busiest_hour(reports: float, vcpu: int) -> None:
    # All reports in one hour of each day: a month has 30.4 busy hours, and a busy day twice the reports.
    assumed = load_assumptions()
    hours = (*[0.0] * 12, 1.0, *[0.0] * 11)
    arrivals = assumed.arrivals.model_copy(update={"hours": hours, "days": (1.0,) * 7, "peak_over_mean": 2.0})
    assumptions = assumed.model_copy(update={"arrivals": arrivals})
    size = {"cpu_units": vcpu, "memory_mb": vcpu * 2}
    tasks = tasks_needed(changed("prod", service=size), Workload(reports, assumptions))
    hourly = 2 * reports / (730 / 24)
    requests = 1 + 1 + 4 + 0.25 + 0.05 + 0.05  # accepted, followed, viewed, corrected, reworded, erased
    by_requests = hourly * requests / 60 / (300 * vcpu / 1024)
    assert tasks >= by_requests
    assert tasks <= 3 * by_requests + 1
