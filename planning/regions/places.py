"""Where users and regions are, and how long a round trip between them takes."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Annotated

from pydantic import Field

from planning.errors import PlanningError
from planning.prices.rows import read_rows

HERE = Path(__file__).parent
EARTH_KM = 6371.0
# Light in glass; how much longer than the great circle a cable is; what the networks at both ends take.
KM_PER_MS, DETOUR, ENDS_MS = 200.0, 1.5, 5.0
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
# A country by ISO 3166, or a part of it, as in CA-QC.
Jurisdiction = Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]


@dataclass(frozen=True)
class City:
    """A city, and how many of the users live in or near it; only the ratio of the weights counts."""

    city: str
    jurisdiction: Jurisdiction
    latitude: Latitude
    longitude: Longitude
    weight: Annotated[float, Field(ge=0, le=1e12)]


@dataclass(frozen=True)
class Region:
    """A region, and the city that it is at or near."""

    region: str
    place: str
    jurisdiction: Jurisdiction
    latitude: Latitude
    longitude: Longitude


@dataclass(frozen=True)
class Measured:
    """A round trip that was measured, in milliseconds."""

    city: str
    region: str
    ms: Annotated[float, Field(gt=0, le=60_000)]


@dataclass(frozen=True)
class Distance:
    """Round trips between the users and a region, in milliseconds.

    `mean` is over the users; nine of ten are below `p90`. `estimated` is the share of the users whose round
    trip is not measured.
    """

    mean: float
    p90: float
    estimated: float


def regions() -> Mapping[str, Region]:
    """Return the regions of which the place is known, by name."""
    return _regions()


@cache
def _regions() -> dict[str, Region]:
    return {one.region: one for one in read_rows(HERE / "regions.csv", Region)}


def region(name: str) -> Region:
    """Return a region by its name; raises PlanningError where its place is not known."""
    try:
        return _regions()[name]
    except KeyError:
        raise PlanningError(
            f"{name} is no region of planning/regions/regions.csv.", hint=f"It has {', '.join(_regions())}."
        ) from None


def read_cities(file: Path | None = None) -> tuple[City, ...]:
    """Return the users' cities, by default the largest of Canada with their inhabitants in 2021.

    Raises PlanningError, which names line and column, for a city that is there twice, and without weights.
    """
    file = file or HERE / "cities.csv"
    cities = read_rows(file, City)
    twice = next((name for name, count in Counter(one.city for one in cities).items() if count > 1), None)
    if twice is not None:
        raise PlanningError(f"{file}: {twice} is there twice.", hint="Give each city one row.")
    if not sum(one.weight for one in cities):
        raise PlanningError(
            f"{file}: no city has a weight above 0.", hint="The weights are numbers of users."
        )
    return cities


def read_measured(file: Path, cities: Sequence[City]) -> dict[tuple[str, str], float]:
    """Return measured round trips, by city and region.

    Raises PlanningError for a city or region that the plan does not have, because its row would do nothing.
    """
    found: dict[tuple[str, str], float] = {}
    names = {one.city for one in cities}
    for row in read_rows(file, Measured):
        for value, known in ((row.city, names), (row.region, _regions().keys())):
            if value not in known:
                raise PlanningError(f"{file}: {value} is not known.", hint=f"Known are {', '.join(known)}.")
        if (row.city, row.region) in found:
            raise PlanningError(
                f"{file}: {row.city} to {row.region} is there twice.", hint="Keep one of the rows."
            )
        found[row.city, row.region] = row.ms
    return found


def great_circle_km(one: City | Region, other: City | Region) -> float:
    """Return the distance over the earth's surface, taken as a sphere."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


def estimated_ms(one: City | Region, other: City | Region) -> float:
    """Return the estimated round trip, through cables that are longer than the great circle."""
    return 2 * great_circle_km(one, other) * DETOUR / KM_PER_MS + ENDS_MS


def distance(
    cities: Sequence[City], place: Region, measured: Mapping[tuple[str, str], float] | None = None
) -> Distance:
    """Return the round trips between the users of these cities and a region."""
    measured = measured or {}
    total = sum(one.weight for one in cities)
    trips = sorted(
        (measured.get((one.city, place.region), estimated_ms(one, place)), one.weight) for one in cities
    )
    guessed = sum(one.weight for one in cities if (one.city, place.region) not in measured)
    below = list(accumulate(weight for _, weight in trips))
    p90 = trips[min(bisect_left(below, 0.9 * total), len(trips) - 1)][0]
    return Distance(sum(ms * weight for ms, weight in trips) / total, p90, guessed / total)
