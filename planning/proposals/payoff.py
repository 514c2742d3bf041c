"""From how many reports on two regions cost less than one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planning.cost.modes import monthly
from planning.errors import PlanningError
from planning.latency.configurations import MOST_INSTANCES
from planning.proposals.needs import MOST_TASKS
from planning.regions.places import distance, region
from planning.regions.ranking import moved
from planning.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planning.assumptions import Assumptions
    from planning.regions.places import City
    from settings.environment import Environment

FEWEST, MOST = 100.0, 10_000_000.0
POINTS = 51  # ten to each power of ten


@dataclass(frozen=True)
class Payoff:
    """What a second region costs and brings.

    `share` of the reports go there: those of the users that are nearer to it. `nearer_ms` is what they save
    of a round trip, on average. `points` are reports of a month, USD in one region and USD in two. From
    `pays_from` reports a month on two cost less than one; None: at no number up to MOST.
    """

    share: float
    nearer_ms: float
    idle_usd: float
    points: tuple[tuple[float, float, float], ...]
    pays_from: float | None
    items: tuple[str, ...]
    items_there: tuple[str, ...]


def payoff(
    settings: Environment,
    templates: Sequence[Mapping[str, Any]],
    there: str,
    assumptions: Assumptions,
    cities: Sequence[City],
    measured: Mapping[tuple[str, str], float] | None = None,
) -> Payoff:
    """Compare one region with two, over the numbers of reports that a month may have.

    Raises PlanningError if no user is nearer to the second region, and UnknownPriceError.
    """
    share, nearer_ms = nearer(settings.region, there, cities, measured)
    settings = _unbounded(settings)
    second = moved(settings, there)

    def one(reports: float) -> float:
        return monthly(settings, templates, Workload(reports, assumptions)).total

    def two(reports: float) -> float:
        away = monthly(second, templates, Workload(reports * share, assumptions)).total
        return one(reports * (1 - share)) + away

    numbers = [FEWEST * (MOST / FEWEST) ** (number / (POINTS - 1)) for number in range(POINTS)]
    points = tuple((reports, one(reports), two(reports)) for reports in numbers)
    idle = monthly(second, templates, Workload(0, assumptions))
    busy = Workload(FEWEST, assumptions)
    return Payoff(
        share=share,
        nearer_ms=nearer_ms,
        idle_usd=idle.total,
        points=points,
        pays_from=_crossing(points, lambda reports: two(reports) - one(reports)),
        items=monthly(settings, templates, busy).items,
        items_there=monthly(second, templates, busy).items,
    )


def _unbounded(settings: Environment) -> Environment:
    """Return the settings with the highest bounds, so that many reports cost as much as they would need."""
    model = settings.model.model_copy(update={"max_instances": MOST_INSTANCES})
    service = settings.service.model_copy(update={"max_tasks": MOST_TASKS})
    return settings.model_copy(update={"model": model, "service": service})


def nearer(
    here: str, there: str, cities: Sequence[City], measured: Mapping[tuple[str, str], float] | None = None
) -> tuple[float, float]:
    """Return the share of the users that are nearer to another region, and what these save in ms.

    Raises PlanningError where it is none.
    """
    saved = {
        one: distance([one], region(here), measured).mean - distance([one], region(there), measured).mean
        for one in cities
        if one.weight
    }
    weight = sum(one.weight for one, ms in saved.items() if ms > 0)
    if not weight:
        raise PlanningError(
            f"No user is nearer to {there} than to {here}.", hint="Say where they are: --cities FILE."
        )
    ms = sum(one.weight * ms for one, ms in saved.items() if ms > 0) / weight
    return weight / sum(one.weight for one in saved), ms


def _crossing(points: Sequence[tuple[float, float, float]], more: Callable[[float], float]) -> float | None:
    """Return the number of reports from which on `more` is negative up to the last point."""
    dearer = [number for number, (_, one, two) in enumerate(points) if two >= one]
    if not dearer:
        return points[0][0]
    if dearer[-1] == len(points) - 1:
        return None
    low, high = points[dearer[-1]][0], points[dearer[-1] + 1][0]
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if more(middle) >= 0 else (low, middle)
    return high
