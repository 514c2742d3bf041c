"""The settings that the answers lead to, each with the reason and only where it differs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planning.cost.modes import monthly
from planning.latency.configurations import MOST_INSTANCES
from planning.proposals.needs import MOST_TASKS
from settings.environment import WITHOUT_BUDGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planning.cost.bill import Bill
    from planning.proposals.needs import Needs
    from settings.environment import Environment

Number = int | float
# The budget notifies at 80 percent of itself, which is then the bill of the planned month.
NOTIFIES_AT, BUDGET_STEP = 0.8, 10
# Photos and reports that are kept cost at most this share of the bill; beyond it they are kept for less time.
MOST_STORAGE = 0.25
STORED = frozenset({"s3_standard", "dynamodb_storage", "dynamodb_pitr"})
# Twice the busiest hour is within the maximum, and a task more than the minimum, for a deployment.
TASKS_IN_RESERVE = 2.0
# The threshold also rolls a new version back, and an instance may be slower than the measured processor.
LATENCY_MARGIN, LATENCY_STEP_MS, LEAST_LATENCY_MS = 2.0, 500, 2000
GOAL_MARGIN, LEAST_GOAL_S = 1.5, 5


@dataclass(frozen=True)
class Change:
    """Another value of a dotted key of the settings; `before` None: the key is absent."""

    key: str
    before: Number | None
    after: Number
    why: str


def changes(
    settings: Environment, needed: Needs, templates: Sequence[Mapping[str, Any]]
) -> tuple[list[Change], Bill]:
    """Return what to change, and the bill of the planned month with the changes.

    The changes follow from the reports, not from the values that they replace, except that the retention and
    the goal become shorter only: a second call with the changed settings returns none.
    """
    found: list[Change] = []
    for rule in (_instances, _tasks, _latency, _goal):
        found += _differing(settings, rule(settings, needed))
    settled = changed(settings, found)
    storage = _differing(settled, _retention(settled, monthly(settled, templates, needed.workload)))
    settled = changed(settled, storage)
    bill = monthly(settled, templates, needed.workload)
    budget = _differing(settled, _budget(settled, bill))
    return [*found, *storage, *budget], bill


def changed(settings: Environment, found: Sequence[Change]) -> Environment:
    """Return the settings with the changes, which are not validated."""
    for change in found:
        section, _, name = change.key.rpartition(".")
        update: dict[str, Any] = {name: change.after}
        if section:
            update = {section: getattr(settings, section).model_copy(update=update)}
        settings = settings.model_copy(update=update)
    return settings


def value(settings: Environment, key: str) -> Any:
    """Return the value of a dotted key."""
    for name in key.split("."):
        settings = getattr(settings, name)
    return settings


def _differing(settings: Environment, wanted: Iterator[tuple[str, Number, str]]) -> list[Change]:
    return [
        Change(key, value(settings, key), after, why)
        for key, after, why in wanted
        if value(settings, key) != after
    ]


def _instances(settings: Environment, needed: Needs) -> Iterator[tuple[str, Number, str]]:
    best = needed.endpoint
    if best is None:
        return
    seconds = max(best.run.busy.p95_s, best.run.ordinary.p95_s)
    why = f"95 % of the reports then end within {seconds:.1f} s; the goal is {best.goal_s:g} s"
    yield "model.min_instances", best.min_instances, why
    most = best.max_instances
    if not settings.model.instance_type.startswith("ml.t"):  # AWS does not scale these
        most = min(max(most, best.min_instances + 1), MOST_INSTANCES)
    why = f"at most {best.max_instances} run at once" + (
        "" if most == best.max_instances else "; one in reserve"
    )
    yield "model.max_instances", most, why


def _tasks(settings: Environment, needed: Needs) -> Iterator[tuple[str, Number, str]]:
    twice, above = math.ceil(TASKS_IN_RESERVE * needed.tasks), settings.service.min_tasks + 1
    plural = "" if needed.tasks == 1 else "s"
    why = f"the busiest hour needs {needed.tasks} task{plural}; " + (
        "twice that" if twice >= above else "one more than min_tasks"
    )
    yield "service.max_tasks", min(max(twice, above), MOST_TASKS), why


def _latency(settings: Environment, needed: Needs) -> Iterator[tuple[str, Number, str]]:
    wanted = _up(LATENCY_MARGIN * needed.slowest_s * 1000, LATENCY_STEP_MS)
    why = f"twice the model's {needed.slowest_s:.2f} s for 8 photos"
    why += ", an estimate" if needed.estimated else ""
    why += f"; at least {LEAST_LATENCY_MS} ms" if wanted < LEAST_LATENCY_MS else ""
    yield "alarms.p95_latency_ms", max(LEAST_LATENCY_MS, wanted), why


def _goal(settings: Environment, needed: Needs) -> Iterator[tuple[str, Number, str]]:
    best = needed.endpoint
    if best is None:
        return
    seconds = max(best.run.busy.p95_s, best.run.ordinary.p95_s)
    wanted = max(LEAST_GOAL_S, math.ceil(GOAL_MARGIN * seconds))
    if wanted < settings.alarms.report_goal_s:
        why = f"95 % of the reports end within {seconds:.1f} s; half as much again"
        yield "alarms.report_goal_s", wanted, why


def _retention(settings: Environment, bill: Bill) -> Iterator[tuple[str, Number, str]]:
    stored = sum(line.usd for line in bill.lines if STORED.intersection(line.items))
    others = bill.total - stored
    most = others * MOST_STORAGE / (1 - MOST_STORAGE)
    if stored > most:
        days = max(1, math.floor(settings.retention_days * most / stored))
        why = f"photos and reports that are kept cost {stored:.2f} USD a month, over a quarter of the bill"
        yield "retention_days", days, why


def _budget(settings: Environment, bill: Bill) -> Iterator[tuple[str, Number, str]]:
    if settings.region in WITHOUT_BUDGETS:
        return
    wanted = float(_up(bill.total / NOTIFIES_AT, BUDGET_STEP))
    why = f"a month costs {bill.total:.2f} USD: the first notice, at 80 %, comes above that"
    yield "alarms.monthly_budget_usd", wanted, why


def _up(number: float, step: int) -> int:
    return max(1, math.ceil(number / step - 1e-9)) * step
