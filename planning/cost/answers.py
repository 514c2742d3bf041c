"""What an environment costs, as the commands and documents state it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planning.answer import Answer, Chart, Series, Table
from planning.cost.bill import Bill, Line, bill
from planning.cost.break_even import break_even, chart, curves
from planning.cost.endpoint import endpoint_hours, missing_instances
from planning.cost.idle import idle_cost
from planning.cost.llm import ASSUMED_FACTOR, LlmCost, llm_cost
from planning.cost.modes import OFFICE_HOURS, in_mode, mode_of, monthly, possible_modes
from planning.cost.report import calls_per_report
from planning.errors import PlanningError
from planning.latency.scaling import spoken_hours
from planning.prices.llms import known_llm
from planning.prices.price_list import price_list
from planning.synthesis import templates
from planning.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from planning.answer import Json
    from planning.assumptions import Assumptions
    from planning.cost.break_even import BreakEven
    from planning.cost.modes import Mode
    from settings.environment import Environment

EXAMPLES = (1_000, 10_000, 100_000)
_PARTS = {"idle": "idle", "model": "endpoint", "reports": "requests, storage, data", "llm": "LLM"}
_OBSERVING = "of which observing: alarms, their topic, metrics, dashboards"
_MEANINGS: Mapping[Mode, str] = {
    "realtime": "always on",
    "office hours": "an instance kept {hours}, else as async",
    "async": "scales to zero",
    "batch": "one window a night, by `ops resume` and `ops pause`",
}


def idle_answer(settings: Environment, today: date) -> Answer:
    """Return the environment's cost without a request."""
    found = bill(idle_cost(settings, templates(settings)))
    return Answer(
        title=f"{settings.name} in {settings.region}",
        lead=f"Without a request it costs {found.total:.2f} USD a month.",
        tables=(idle_table(settings, found.lines),),
        notes=tuple(price_list(settings.region).notes(found.items, today)),
        data={
            "environment": settings.name,
            "idle_usd_month": found.total,
            "idle_lines": _json(found.lines),
        },
    )


def cost_answer(settings: Environment, workload: Workload, today: date) -> Answer:
    """Return the environment's cost of a month: line by line, by mode and number of reports, of the LLM.

    Raises PlanningError for an environment of the emulator, and what `monthly` raises.
    """
    if settings.target == "emulator":
        raise PlanningError(
            f"{settings.name} is deployed into an emulator on this machine: it costs nothing.",
            hint='Take an environment with target = "aws", such as --env prod.',
        )
    declared = templates(settings)
    assumptions, reports = workload.assumptions, workload.reports_per_month
    found = monthly(settings, declared, workload)
    idle = bill(idle_cost(settings, declared))
    bills = {
        mode: [monthly(settings, declared, Workload(count, assumptions), mode) for count in EXAMPLES]
        for mode in possible_modes(settings)
    }
    drawn = curves(settings, declared, assumptions)
    points = break_even(settings, declared, assumptions, drawn)
    llm = llm_cost(settings, workload)
    items = [*found.items, *(item for each in bills.values() for one in each for item in one.items)]
    per_1000 = 1000 * found.total / reports if reports else 0.0
    return Answer(
        title=f"{settings.name} in {settings.region}",
        lead=(
            f"Without a request it costs {idle.total:.2f} USD a month; with {reports:,.0f} reports "
            f"{found.total:.2f} USD, which is {per_1000:.2f} USD for 1,000 reports."
        ),
        tables=(
            _lines_table(f"{settings.name}, USD a month with {reports:,.0f} reports", found.lines, reports),
            _modes_table(settings, bills, assumptions),
            *([_points_table(points)] if points else []),
            _llm_table(settings, llm, calls_per_report(assumptions)),
        ),
        charts=(chart(settings, drawn, points), _parts_chart(settings, bills)),
        notes=(*price_list(settings.region).notes(items, today), *_said(settings, workload)),
        data={
            "environment": settings.name,
            "region": settings.region,
            "mode": mode_of(settings),
            "reports_month": reports,
            "idle_usd_month": idle.total,
            "usd_month": found.total,
            "usd_per_1000_reports": per_1000,
            "idle_lines": _json(idle.lines),
            "lines": _json(found.lines),
            "modes": [
                {"mode": mode, "reports_month": count, "usd_month": one.total}
                for mode, each in bills.items()
                for count, one in zip(EXAMPLES, each, strict=True)
            ],
            "break_even": [
                {"reports_month": one.reports, "usd_month": one.usd, "below": one.below, "above": one.above}
                for one in points
            ],
            "llm_usd_per_1000_calls": {name: 1000 * usd for name, usd in _tiers(llm)},
        },
    )


def idle_table(settings: Environment, lines: Sequence[Line]) -> Table:
    """Return the lines, what observing costs, and the total."""
    return _lines_table(f"{settings.name} in {settings.region}, USD a month without a request", lines)


def _lines_table(title: str, lines: Sequence[Line], reports: float = 0) -> Table:
    observing = sum(line.usd for line in lines if line.observing)
    rows = [(line.what, _many(line.count), line.usd) for line in lines]
    rows += [(_OBSERVING, "", observing), ("in all", "", sum(line.usd for line in lines))]
    columns = ["what", "how many", "USD", *(["USD for 1,000 reports"] if reports else [])]
    return Table(
        title,
        tuple(columns),
        tuple(
            (what, count, f"{usd:.2f}", *([f"{1000 * usd / reports:.3f}"] if reports else []))
            for what, count, usd in rows
        ),
        frozenset(columns[1:]),
    )


def _many(count: float) -> str:
    return f"{count:,.0f}" if count >= 1000 else f"{count:.4g}"


def _modes_table(
    settings: Environment, bills: Mapping[Mode, Sequence[Bill]], assumptions: Assumptions
) -> Table:
    own = mode_of(settings)
    counts = [f"{count:,} reports" for count in EXAMPLES]
    columns = ("endpoint", "what it does", f"waits, with {EXAMPLES[1]:,}", *counts)
    rows = [
        (
            f"{mode}, as set" if mode == own else mode,
            _MEANINGS[mode].format(hours=spoken_hours(settings.model.schedule or OFFICE_HOURS)),
            _waits(settings, mode, assumptions),
            *(
                f"{one.total:.2f} ({1000 * one.total / count:.2f})"
                for count, one in zip(EXAMPLES, each, strict=True)
            ),
        )
        for mode, each in bills.items()
    ]
    title = f"{settings.name}, USD a month (for 1,000 reports) by how {settings.model.instance_type} runs"
    return Table(title, columns, tuple(rows), frozenset(counts))


def _waits(settings: Environment, mode: Mode, assumptions: Assumptions) -> str:
    """How long a report waits for an instance, on average over all reports."""
    if mode == "batch":
        return "half a day"
    workload = Workload(EXAMPLES[1], assumptions)
    return f"{endpoint_hours(in_mode(settings, mode), workload).wait_s:.0f} s"


def _points_table(points: Iterable[BreakEven]) -> Table:
    columns = ("reports a month", "cheaper up to there", "cheaper from there on", "USD a month")
    rows = tuple((f"{one.reports:,.0f}", one.below, one.above, f"{one.usd:.2f}") for one in points)
    return Table("Where another mode becomes cheaper", columns, rows, frozenset((columns[0], columns[3])))


def _llm_table(settings: Environment, llm: LlmCost, calls: float) -> Table:
    title = f"USD of {settings.llm.model} for 1,000 calls: 1,000 reports take {1000 * calls:,.0f}"
    rows = tuple((name, f"{1000 * usd:.3f}") for name, usd in _tiers(llm))
    return Table(title, ("tier", "USD for 1,000 calls"), rows, frozenset({"USD for 1,000 calls"}))


def _tiers(llm: LlmCost) -> Iterator[tuple[str, float]]:
    yield "standard, no prefix in the cache", llm.uncached
    yield "standard, prefix in the cache", llm.cached
    yield f"standard, {100 * llm.cached_share:.0f} % in the cache at this number of reports", llm.standard
    if llm.flex_factor is not None:
        yield "Flex", llm.standard * llm.flex_factor
    if llm.batch_factor is not None:
        yield "Batch, which no code of Vitrine sends", llm.uncached * llm.batch_factor
    yield "as set", llm.usd


def _parts_chart(settings: Environment, bills: Mapping[Mode, Sequence[Bill]]) -> Chart:
    each = bills[mode_of(settings)] if mode_of(settings) in bills else next(iter(bills.values()))
    names = tuple(f"{count:,}" for count in EXAMPLES)
    series = tuple(
        Series(name, names, tuple(one.of(part) for one in each), style="bars")  # type: ignore[arg-type]
        for part, name in _PARTS.items()
    )
    last = each[-1]
    return Chart(
        name=f"cost-parts-{settings.name}",
        title=f"{settings.name}: USD a month by part",
        alt=(
            f"With {EXAMPLES[-1]:,} reports a month, {last.of('idle'):.0f} USD are idle, "
            f"{last.of('model'):.0f} the endpoint's, {last.of('reports'):.0f} for requests, storage and "
            f"data, {last.of('llm'):.0f} the LLM's."
        ),
        x_label="reports a month",
        y_label="USD a month",
        series=series,
    )


def _said(settings: Environment, workload: Workload) -> Iterator[str]:
    if missing := missing_instances(settings, workload):
        yield (
            f"The busiest hour needs {missing} instances more than model.max_instances = "
            f"{settings.model.max_instances}: reports then wait, and the endpoint costs more than stated "
            "here once the setting is raised (`python -m planning latency`)"
        )
    yield (
        "Estimate: quantities of a report are recorded from the real service, seconds of functions and of "
        "the LLM are assumed (planning/cost/usage.toml); the account's free tiers and taxes are left out"
    )
    yield f"Storage is that of the steady state, reached after {settings.retention_days} days"
    yield "Supabase's plan is not part of it, nor are reports that the database requests by [hooks]"
    if known_llm(settings.llm.model) is None:
        yield (
            f"{settings.llm.model} is not in planning/prices/llms.csv: Flex and Batch are taken to cost "
            f"{ASSUMED_FACTOR:g} of the settings' prices, writing to the provider's cache nothing"
        )
    if settings.fallback_llm is not None:
        yield "Calls of [fallback_llm] are left out: it answers while the endpoint is unavailable"


def _json(lines: Iterable[Line]) -> list[Json]:
    return [
        {
            "what": one.what,
            "part": one.part,
            "count": one.count,
            "usd_month": one.usd,
            "prices": list(one.items),
        }
        for one in lines
    ]


def with_full_model(settings: Environment, instance_type: str = "ml.g4dn.xlarge") -> Environment:
    """Return the settings with a full-size BLIP-2 in place of the demo model, at the region's listed price.

    Raises UnknownPriceError.
    """
    changes = {
        "artifact": f"models/{'0' * 64}/blip2-endpoint.tar.gz",
        "instance_type": instance_type,
        "usd_per_hour": price_list(settings.region).usd(instance_type),
    }
    return settings.model_copy(update={"model": settings.model.model_copy(update=changes)})


def default_workload(assumptions: Assumptions) -> Workload:
    """Return the workload of an environment of which nothing is known: 10,000 reports a month."""
    return Workload(EXAMPLES[1], assumptions)
