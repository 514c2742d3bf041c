"""The answer of `python -m planning regions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planning.answer import Answer, Chart, Json, Mark, Series, Table
from planning.prices.price_list import price_list
from planning.regions.facts import facts
from planning.regions.ranking import Candidate, rank, round_trips
from planning.regions.residency import laws, leaving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from planning.regions.places import City
    from planning.workload import Workload
    from settings.environment import Environment

NEAREST = 6


def regions_answer(
    settings: Environment,
    templates: Sequence[Mapping[str, Any]],
    workload: Workload,
    cities: Sequence[City],
    today: date,
    measured: Mapping[tuple[str, str], float] | None = None,
    *,
    every: bool = False,
) -> Answer:
    """Return the regions in the order in which they suit the environment and its users.

    Those with prices, the environment's own and the nearest; with `every`, all that are known.
    """
    known = facts()
    ranked = rank(settings, templates, workload, cities, known, measured)
    near = {one.place.region for one in sorted(ranked, key=lambda one: one.trip.mean)[:NEAREST]}
    shown = [
        one for one in ranked if every or one.bill is not None or one.place.region in near | {settings.region}
    ]
    return Answer(
        title=f"Regions for {settings.name}",
        lead=_lead(settings, workload, ranked),
        tables=(_table(settings, workload, shown), *_privacy(shown)),
        charts=(_chart(settings, shown),),
        notes=tuple(_notes(settings, workload, shown, today)),
        data={
            "environment": settings.name,
            "region": settings.region,
            "reports_per_month": workload.reports_per_month,
            "round_trips_per_report": round_trips(workload.assumptions.photos),
            "regions": [_data(one) for one in shown],
        },
    )


def _lead(settings: Environment, workload: Workload, ranked: Sequence[Candidate]) -> str:
    best = ranked[0]
    if not best.usable:
        return f"No region has all that {settings.name} needs: {', '.join(best.missing)}."
    text = f"{_named(best)} suits best"
    if best.bill is not None:
        text += f", at {best.bill.total:.2f} USD a month with {workload.reports_per_month:,.0f} reports"
    text += f"; {_asked(best)}."
    own = next((one for one in ranked if one.place.region == settings.region), None)
    if own is best:
        return f"{text} {settings.name} is there."
    if own is None:
        return f"{text} {settings.name} is in {settings.region}, which is not compared."
    return f"{text} {settings.name} is in {_named(own)}: {_why(own, best)}."


def _named(one: Candidate) -> str:
    return f"{one.place.region} ({one.place.place})"


def _asked(one: Candidate) -> str:
    if not one.duties:
        return "keeping data there asks for no step by privacy laws"
    return "keeping data there asks for " + ", and ".join(f"{law.duty} ({law.name})" for law in one.duties)


def _why(own: Candidate, best: Candidate) -> str:
    """Say by what another region comes before the environment's own, in the order of the ranking."""
    if own.missing:
        return f"it lacks {', '.join(own.missing)}"
    if own.bill is None or best.bill is None:
        return "its prices are not known"
    if len(own.duties) > len(best.duties):
        return _asked(own)
    if own.network_s - best.network_s > 1:
        return f"a report is {own.network_s:.1f} s on the way"
    more = own.bill.total - best.bill.total
    return f"it costs {more:.2f} USD a month more" if more >= 0.005 else "it is farther away"


def _table(settings: Environment, workload: Workload, shown: Sequence[Candidate]) -> Table:
    month = "USD a month"
    columns = (
        "region",
        "at",
        f"runs {settings.name}",
        "GPU types",
        month,
        "privacy",
        "round trip",
        "on the way",
    )
    rows = [
        (
            one.place.region,
            one.place.place,
            _state(one),
            ", ".join(kind.removeprefix("ml.").removesuffix(".xlarge") for kind in one.gpu_types) or "none",
            "no prices" if one.bill is None else f"{one.bill.total:.2f}",
            ", ".join(law.name for law in one.duties) or "–",
            f"{one.trip.mean:.0f} ms",
            f"{one.network_s:.2f} s",
        )
        for one in shown
    ]
    numbers = frozenset({month, "round trip", "on the way"})
    title = f"Regions with {workload.reports_per_month:,.0f} reports a month, the one that suits best first"
    return Table(title, columns, tuple(rows), numbers)


def _state(one: Candidate) -> str:
    if one.missing:
        return "no: " + ", ".join(kind.removeprefix("AWS::") for kind in one.missing)
    return "yes" + (f", without {' and '.join(one.lacks)}" if one.lacks else "")


def _privacy(shown: Sequence[Candidate]) -> list[Table]:
    tables = []
    for law in laws():
        where = [one.place.region for one in shown if law in one.duties]
        if where:
            rows = tuple((str(number), need) for number, need in enumerate(law.needs, 1))
            title = f"{law.name} asks for {law.duty}: {', '.join(where)}"
            tables.append(Table(title, ("", law.title), rows))
    return tables


def _chart(settings: Environment, shown: Sequence[Candidate]) -> Chart:
    goal = settings.alarms.report_goal_s
    return Chart(
        name="network",
        title="Seconds of a report on the way, by region",
        alt="The network takes "
        + ", ".join(f"{one.network_s:.2f} s to {one.place.region}" for one in shown)
        + f", beside a goal of {goal} s.",
        x_label="region",
        y_label="seconds",
        series=(
            Series(
                "on the way",
                tuple(one.place.region for one in shown),
                tuple(one.network_s for one in shown),
                "bars",
            ),
        ),
        marks=(Mark("y", goal, f"goal: {goal} s"),),
    )


def _notes(settings: Environment, workload: Workload, shown: Sequence[Candidate], today: date) -> list[str]:
    trips = round_trips(workload.assumptions.photos)
    goal = settings.alarms.report_goal_s
    share = trips * 0.010 / goal
    estimated = max(one.trip.estimated for one in shown)
    notes = [
        f"10 ms between two regions do not matter: a report takes {trips} round trips, so they add "
        f"{trips * 0.010:.1f} s, {share:.0%} of the goal of {goal} s.",
    ]
    if estimated:
        notes.append(
            "Round trips are estimated: twice the great circle, half as much again, at 200 km/ms, plus 5 ms"
            + (f"; {1 - estimated:.0%} of the users are measured" if estimated < 1 else "")
            + ". --measured FILE takes measured ones."
        )
    without = [one.place.region for one in shown if not one.gpu_types]
    if without:
        notes.append(f"Without a GPU type for hosting, for the demo model alone: {', '.join(without)}.")
    for item in sorted({one.unpriced for one in shown if one.unpriced}):
        where = ", ".join(one.place.region for one in shown if one.unpriced == item)
        notes.append(f"planning/prices/aws.csv has no price of {item} in {where}.")
    notes.append(f"What a region has is read from {', '.join(facts().sources)}.")
    notes.extend(leaving(settings))
    notes.append("Which steps a privacy law asks for is a summary, and no legal advice.")
    for one in shown:
        if one.bill is not None:
            notes.extend(price_list(one.place.region).notes(one.bill.items, today))
    return list(dict.fromkeys(notes))


def _data(one: Candidate) -> dict[str, Json]:
    return {
        "region": one.place.region,
        "place": one.place.place,
        "jurisdiction": one.place.jurisdiction,
        "usable": one.usable,
        "missing": list(one.missing),
        "lacks": list(one.lacks),
        "gpu_types": list(one.gpu_types),
        "privacy": [{"law": law.name, "needs": list(law.needs)} for law in one.duties],
        "usd_month": None if one.bill is None else one.bill.total,
        "round_trip_mean_ms": one.trip.mean,
        "round_trip_p90_ms": one.trip.p90,
        "round_trip_estimated_share": one.trip.estimated,
        "network_s": one.network_s,
    }
