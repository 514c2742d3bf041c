"""The tables and the chart of a latency answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planning.answer import Chart, Mark, Series, Table
from planning.latency.configurations import MOST_INSTANCES, Search
from planning.latency.service_times import service_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planning.latency.configurations import Configuration
    from planning.latency.service_times import ModelSize, ServiceTimes
    from settings.environment import Environment

MODELS: dict[ModelSize, str] = {"demo": "the demo model", "full": "BLIP-2"}
PHOTOS = (1, 2, 4, 8)
NEEDED_AT = (10_000, 100_000, 1_000_000)
"""Reports a month for which the needed instances are computed."""
_KNOWN: tuple[tuple[str, ModelSize], ...] = (
    ("ml.m5.large", "demo"),
    *(
        (f"ml.{kind}", "full")
        for kind in ("p5.48xlarge", "g6e.xlarge", "g6.xlarge", "g5.xlarge", "g4dn.xlarge")
    ),
)
_SECONDS = ("p50, week", "p95, week", "p50, busy day", "p95, busy day")


def seconds_table(current: Configuration, best: Sequence[Configuration]) -> Table:
    """Return the percentiles of reports as the settings are, and with the cheapest configurations."""
    rows = [("as set", current), *((f"cheapest for {MODELS[one.model]}", one) for one in best)]
    return Table(
        "Seconds from a report's acceptance to its end",
        ("configuration", "", *_SECONDS, "USD a month"),
        tuple((name, one.words(), *_percentiles(one), f"{one.usd_month:,.2f}") for name, one in rows),
        frozenset({*_SECONDS, "USD a month"}),
    )


def ways_table(model: ModelSize, ways: Sequence[Configuration], best: Configuration | None) -> Table:
    """Return the configurations of a model, cheapest first, and which of them meet the goal."""
    ordered = sorted(ways, key=lambda one: (not one.meets, one.usd_month))
    return Table(
        f"Ways to run {MODELS[model]}, those within the goal first",
        ("endpoint", "goal", "p95, week", "p95, busy day", "USD a month"),
        tuple(
            (
                one.words(),
                "cheapest" if one == best else "met" if one.meets else "missed",
                f"{one.run.ordinary.p95_s:,.1f}",
                f"{one.run.busy.p95_s:,.1f}",
                f"{one.usd_month:,.2f}",
            )
            for one in ordered
        ),
        frozenset({"p95, week", "p95, busy day", "USD a month"}),
    )


def needed_table(searches: Sequence[Search]) -> Table:
    """Return how many instances that always run meet the goal, by type and reports of a month."""
    columns = tuple(f"{count:,} a month" for count in NEEDED_AT)
    at = [[search.with_reports(count) for count in NEEDED_AT] for search in searches]
    return Table(
        "Instances that meet the goal on a busy day, always on, async",
        ("model", "instance type", *columns),
        tuple(
            (
                MODELS[search.model],
                kind,
                *(_needed(one.fewest(kind, "async")) for one in loads),
            )
            for search, loads in zip(searches, at, strict=True)
            for kind in search.instance_types()
        ),
        frozenset(columns),
    )


def service_table(settings: Environment, searches: Sequence[Search]) -> Table:
    """Return the seconds of a request at the model by photos, and what they rest on."""
    columns = _by_photos()
    times = [
        service_times(kind, settings, search.model) for search in searches for kind in search.instance_types()
    ]
    return Table(
        "Seconds of a request at the model, alone",
        ("model", "instance type", *columns, ""),
        tuple(
            (
                MODELS[one.model],
                one.instance_type,
                *(f"{one.seconds(count):.2f}" for count in PHOTOS),
                _basis(one),
            )
            for one in times
        ),
        frozenset(columns),
    )


def known_seconds(settings: Environment) -> Table:
    """Return the seconds of a request, and of a batch of eight, on every kind of processor that is known."""
    columns = (*_by_photos(), "8 requests in a batch")
    times = [service_times(kind, settings, model) for kind, model in _KNOWN]
    return Table(
        "",
        ("model", "processor", "as in", *columns, ""),
        tuple(
            (
                MODELS[one.model],
                one.device,
                one.instance_type,
                *(f"{one.seconds(count):.2f}" for count in PHOTOS),
                f"{one.seconds(8, 8):.2f}",
                _basis(one),
            )
            for one in times
        ),
        frozenset(columns),
    )


def day_chart(current: Configuration, best: Sequence[Configuration]) -> Chart:
    """Return the 95th percentile by the hour of a busy day, as set and with the cheapest configurations."""
    hours = tuple(float(hour) for hour in range(24))
    lines = {"as set": current} | {f"cheapest for {MODELS[one.model]}": one for one in best}
    slowest = max(max(one.run.busy_p95_by_hour_s) for one in lines.values())
    return Chart(
        name="busy-day",
        title="A busy day: seconds of reports by hour",
        alt=(
            "The 95th percentile of the seconds of reports that come in each hour of a busy day, as the "
            f"endpoint is set and with the cheapest that meet the goal of {current.goal_s:g} s."
        ),
        x_label="hour of the day",
        y_label="seconds, 95th percentile",
        series=tuple(Series(name, hours, one.run.busy_p95_by_hour_s) for name, one in lines.items()),
        marks=(Mark("y", current.goal_s, f"goal {current.goal_s:g} s"),),
        y_log=slowest > 10 * current.goal_s,
    )


def _by_photos() -> tuple[str, ...]:
    return tuple(f"{count} photo{'s' if count > 1 else ''}" for count in PHOTOS)


def _basis(one: ServiceTimes) -> str:
    return "estimated" if one.estimated else "measured"


def _percentiles(one: Configuration) -> tuple[str, ...]:
    run = one.run
    found = (run.ordinary.p50_s, run.ordinary.p95_s, run.busy.p50_s, run.busy.p95_s)
    return tuple(f"{seconds:,.1f}" for seconds in found)


def _needed(found: Configuration | None) -> str:
    return str(found.max_instances) if found and found.meets else f"over {MOST_INSTANCES}"
