"""Answers how long reports take, how many instances that needs, and what the cheapest ones cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planning.answer import Answer
from planning.latency.arrivals import LEAST_PER_MONTH
from planning.latency.configurations import Configuration, Search, best_of
from planning.latency.queues import waiting_chart
from planning.latency.service_times import model_size, service_times
from planning.latency.tables import (
    MODELS,
    PHOTOS,
    day_chart,
    needed_table,
    seconds_table,
    service_table,
    ways_table,
)
from planning.prices.price_list import price_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from planning.answer import Json
    from planning.latency.service_times import ModelSize
    from planning.workload import Workload
    from settings.environment import Environment


@dataclass(frozen=True)
class Found:
    """The configurations of one model, and the cheapest of them that meets the goal, if one does."""

    model: ModelSize
    ways: tuple[Configuration, ...]
    best: Configuration | None


def latency_answer(
    settings: Environment, workload: Workload, today: date, seed: int, *, batch_up_to: int = 1
) -> Answer:
    """Return the seconds of reports as the settings are, and the cheapest configurations within the goal.

    With the demo model in the settings, the same is found for a full-size BLIP-2. Raises PlanningError for an
    instance type without known seconds or price.
    """
    own = model_size(settings)
    models: tuple[ModelSize, ...] = ("demo", "full") if own == "demo" else ("full",)
    searches = [Search(settings, workload, seed, model=one, batch_up_to=batch_up_to) for one in models]
    current = searches[0].current()
    found = [_found(search, current if search.model == own else None) for search in searches]
    return Answer(
        title=f"Latency of {settings.name} at {workload.reports_per_month:,.0f} reports a month",
        lead=" ".join(_lead(current, found)),
        tables=(
            seconds_table(current, [one.best for one in found if one.best is not None]),
            *(ways_table(one.model, one.ways, one.best) for one in found),
            needed_table(searches),
            service_table(settings, searches),
        ),
        charts=(
            day_chart(current, [one.best for one in found if one.best is not None]),
            *(waiting_chart(one) for one in models),
        ),
        notes=tuple(_notes(settings, workload, found, today, batch_up_to)),
        data=_data(settings, workload, current, found),
    )


def _found(search: Search, current: Configuration | None) -> Found:
    ways = [way for kind in search.instance_types() for way in search.alternatives(kind)]
    within = [way for way in (*ways, *([current] if current else [])) if way.meets]
    return Found(search.model, tuple(ways), best_of(within) if within else None)


def _lead(current: Configuration, found: Sequence[Found]) -> Iterator[str]:
    busy, goal = current.run.busy.p95_s, current.goal_s
    verdict = "meets" if current.meets else "misses"
    yield (
        f"As it is set ({current.words()}), 95 % of the reports of a busy day end within {_seconds(busy)}: "
        f"that {verdict} the goal of {goal:g} s."
    )
    for one in found:
        if one.best is None:
            yield f"For {MODELS[one.model]} no configuration meets it."
        elif one.best == current:
            yield f"For {MODELS[one.model]} nothing cheaper meets it: {current.usd_month:,.2f} USD a month."
        else:
            yield (
                f"For {MODELS[one.model]} the cheapest that meets it is {one.best.words()}: "
                f"{one.best.usd_month:,.2f} USD a month, {_seconds(one.best.run.busy.p95_s)}."
            )


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _notes(
    settings: Environment, workload: Workload, found: Sequence[Found], today: date, batch_up_to: int
) -> Iterator[str]:
    kinds = list(dict.fromkeys((one.model, way.instance_type) for one in found for way in one.ways))
    yield from dict.fromkeys(
        note for model, kind in kinds if (note := service_times(kind, settings, model).note)
    )
    yield (
        "Assumed: when reports come and with how many photos, the LLM's seconds (assumptions.toml), and the "
        "seconds of stores and queues in AWS (latency/service_times.toml)."
    )
    if batch_up_to > 1 and any(way.mode == "async" for one in found for way in one.ways):
        yield (
            "An async endpoint hands an instance two requests at a time (stacks/constructs/async_io.py), so "
            "it makes no batches; a realtime one does."
        )
    yield (
        "USD are those of the endpoint's instances alone, for the hours that the simulation finds; `cost` "
        "computes them by formulas, which agree within a tenth. A new instance answers after ten minutes."
    )
    if workload.reports_per_month < LEAST_PER_MONTH:
        yield f"Simulated with {LEAST_PER_MONTH:g} reports a month: with fewer an endpoint is as idle."
    if settings.model.paused:
        yield "The endpoint is paused: reports wait until `make resume`."
    others = [kind for _, kind in kinds if kind != settings.model.instance_type]
    yield from price_list(settings.region).notes(others, today)


def _data(
    settings: Environment, workload: Workload, current: Configuration, found: Sequence[Found]
) -> dict[str, Json]:
    kinds = dict.fromkeys((one.model, way.instance_type) for one in found for way in one.ways)
    times = [service_times(kind, settings, model) for model, kind in kinds]
    return {
        "environment": settings.name,
        "reports_per_month": workload.reports_per_month,
        "goal_s": current.goal_s,
        "as_set": configuration_data(current),
        "cheapest": {one.model: configuration_data(one.best) if one.best else None for one in found},
        "configurations": [configuration_data(way) for one in found for way in one.ways],
        "service_times": [
            {
                "model": one.model,
                "instance_type": one.instance_type,
                "estimated": one.estimated,
                "seconds_by_photos": {str(count): one.seconds(count) for count in PHOTOS},
                "seconds_of_each_further_request_of_a_batch": one.more_s,
            }
            for one in times
        ],
    }


def configuration_data(one: Configuration) -> dict[str, Json]:
    """Return a configuration as JSON."""
    hours = one.schedule
    return {
        "model": one.model,
        "instance_type": one.instance_type,
        "mode": one.mode,
        "min_instances": one.min_instances,
        "max_instances": one.max_instances,
        "schedule": None
        if hours is None
        else {"days": list(hours.days), "start": hours.start.isoformat(), "stop": hours.stop.isoformat()},
        "meets_goal": one.meets,
        "estimated": one.estimated,
        "usd_month": one.usd_month,
        "instance_hours_month": one.run.instance_hours_month,
        "ordinary_p50_s": one.run.ordinary.p50_s,
        "ordinary_p95_s": one.run.ordinary.p95_s,
        "busy_p50_s": one.run.busy.p50_s,
        "busy_p95_s": one.run.busy.p95_s,
    }
