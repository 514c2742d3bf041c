"""The answer of `python -m planning expand`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planning.answer import Answer, Chart, Mark, Series, Table
from planning.prices.price_list import price_list
from planning.proposals.payoff import MOST
from planning.regions.places import region
from planning.regions.ranking import round_trips
from planning.regions.residency import duties

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from planning.assumptions import Assumptions
    from planning.proposals.payoff import Payoff
    from planning.proposals.second_region import SecondRegion
    from planning.regions.places import City
    from settings.environment import Environment

SHOWN = (1_000, 10_000, 100_000, 1_000_000)


def expansion_answer(
    settings: Environment,
    second: SecondRegion,
    found: Payoff,
    assumptions: Assumptions,
    cities: Sequence[City],
    today: date,
) -> Answer:
    """Return at which traffic a second region pays, and what remains to do for it."""
    there = second.settings.region
    asked = duties(cities, region(there))
    seconds = round_trips(assumptions.photos) * found.nearer_ms / 1000
    notes = [
        f"{found.share:.0%} of the reports would go there, from users who are nearer to it by "
        f"{found.nearer_ms:.0f} ms a round trip: {seconds:.2f} s of a report, beside a goal of "
        f"{settings.alarms.report_goal_s} s.",
        "A second region also answers while the first one does not, for the reports that clients send to it.",
        *(
            f"{law.name} asks for {law.duty}: `python -m planning regions` lists what it needs."
            for law in asked
        ),
        *price_list(settings.region).notes(found.items, today),
        *price_list(there).notes(found.items_there, today),
    ]
    if second.left_out:
        notes.insert(0, f"Left out, as they belong to {settings.region}: {', '.join(second.left_out)}.")
    return Answer(
        title=f"{settings.name} in {settings.region}, and a second region: {there} ({region(there).place})",
        lead=_lead(settings, there, found),
        tables=(
            _table(settings, there, found),
            Table(
                f"What remains to do for {second.name}",
                ("", "step"),
                tuple((str(number), step) for number, step in enumerate(second.steps, 1)),
            ),
        ),
        charts=(_chart(settings, there, found),),
        notes=tuple(dict.fromkeys(notes)),
        data={
            "environment": settings.name,
            "region": settings.region,
            "second_environment": second.name,
            "second_region": there,
            "second_share": found.share,
            "nearer_ms": found.nearer_ms,
            "second_idle_usd_month": found.idle_usd,
            "pays_from_reports_per_month": found.pays_from,
            "months": [
                {"reports_per_month": reports, "one_region_usd": one, "two_regions_usd": two}
                for reports, one, two in found.points
            ],
            "left_out": list(second.left_out),
            "steps": list(second.steps),
        },
    )


def _lead(settings: Environment, there: str, found: Payoff) -> str:
    costs = f"A second region {there} costs {found.idle_usd:.2f} USD a month without a report."
    if found.pays_from is None:
        return (
            f"{costs} Up to {MOST:,.0f} reports a month it never pays for itself: two regions cost more than "
            f"{settings.region} alone."
        )
    return f"{costs} From {found.pays_from:,.0f} reports a month on, two regions cost less than one."


def _table(settings: Environment, there: str, found: Payoff) -> Table:
    columns = ("reports a month", f"{settings.region} alone", f"with {there}", "difference")
    rows = []
    for wanted in SHOWN:
        reports, one, two = min(found.points, key=lambda point: abs(point[0] - wanted))
        rows.append((f"{reports:,.0f}", f"{one:,.2f}", f"{two:,.2f}", f"{two - one:+,.2f}"))
    return Table("USD a month", columns, tuple(rows), frozenset(columns))


def _chart(settings: Environment, there: str, found: Payoff) -> Chart:
    reports = tuple(point[0] for point in found.points)
    pays = found.pays_from
    ends = "never less than" if pays is None else f"less than, from {pays:,.0f} reports a month on,"
    return Chart(
        name="second-region",
        title="One region and two",
        alt=f"Two regions cost {ends} {settings.region} alone.",
        x_label="reports a month",
        y_label="USD a month",
        series=(
            Series(f"{settings.region} alone", reports, tuple(point[1] for point in found.points)),
            Series(f"with {there}", reports, tuple(point[2] for point in found.points), "dashes"),
        ),
        marks=() if pays is None else (Mark("x", pays, "pays from here on"),),
        x_log=True,
        y_log=True,
    )
