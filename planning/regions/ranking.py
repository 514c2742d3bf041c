"""The regions in the order in which they suit an environment and its users."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planning.cost.modes import monthly
from planning.errors import UnknownPriceError
from planning.prices.price_list import price_list
from planning.regions.places import Region, distance, regions
from planning.regions.residency import duties

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from planning.assumptions import Photos
    from planning.cost.bill import Bill
    from planning.regions.facts import RegionFacts
    from planning.regions.places import City, Distance
    from planning.regions.residency import Law
    from planning.workload import Workload
    from settings.environment import Environment

# The instance types that a full model needs, smallest first.
GPU_TYPES = ("ml.g4dn.xlarge", "ml.g5.xlarge", "ml.g6.xlarge", "ml.g6e.xlarge", "ml.inf2.xlarge")
# Resource types that an environment does without, by a setting or because it finds that the region has none.
OPTIONAL = {
    "AWS::Budgets::Budget": "Budgets",
    "AWS::SageMaker::Domain": "Studio",
    "AWS::SageMaker::UserProfile": "Studio",
}
# A round trip is worth ranking by from this share of report_goal_s on.
NOTICEABLE = 0.1
FIRST_WINDOW_KB = (
    14.6  # what TCP sends before the first acknowledgement (RFC 6928); it doubles each round trip
)
HANDSHAKES = 2  # TCP and TLS 1.3


@dataclass(frozen=True)
class Candidate:
    """What a region means for an environment.

    `missing` is what rules it out; `lacks` what it does without. `network_s` is the time of a report that its
    photos and its answer are on the way. Without a price `bill` is None, and `unpriced` names what has none.
    """

    place: Region
    missing: tuple[str, ...]
    lacks: tuple[str, ...]
    gpu_types: tuple[str, ...]
    duties: tuple[Law, ...]
    trip: Distance
    network_s: float
    bill: Bill | None
    unpriced: str = ""

    @property
    def usable(self) -> bool:
        """Whether the environment can be deployed there as it is."""
        return not self.missing


def rank(
    settings: Environment,
    templates: Sequence[Mapping[str, Any]],
    workload: Workload,
    cities: Sequence[City],
    facts: RegionFacts,
    measured: Mapping[tuple[str, str], float] | None = None,
) -> list[Candidate]:
    """Return every region, the one that suits best first.

    First those where the environment can run, then those with known prices, then those with the least to do
    for privacy laws. Among these, those whose network takes no noticeable share of the goal; then the
    cheapest, then the nearest.
    """
    types = resource_types(templates)
    found = [
        candidate(settings, templates, types, workload, cities, regions()[name], facts, measured)
        for name in facts.regions
        if name in regions()
    ]
    goal = settings.alarms.report_goal_s

    def order(one: Candidate) -> tuple[float, ...]:
        slow = one.network_s > NOTICEABLE * goal
        usd = one.bill.total if one.bill is not None else math.inf
        return (not one.usable, one.bill is None, len(one.duties), slow, round(usd, 2), one.trip.mean)

    return sorted(found, key=order)


def candidate(
    settings: Environment,
    templates: Sequence[Mapping[str, Any]],
    types: Iterable[str],
    workload: Workload,
    cities: Sequence[City],
    place: Region,
    facts: RegionFacts,
    measured: Mapping[tuple[str, str], float] | None = None,
) -> Candidate:
    """Return what a region means for an environment whose templates have these resource types."""
    missing, lacks = missing_in(place.region, settings.model.instance_type, types, facts)
    trip = distance(cities, place, measured)
    bill, unpriced = None, ""
    try:
        bill = monthly(moved(settings, place.region), templates, workload)
    except UnknownPriceError as error:
        unpriced = error.item
    return Candidate(
        place=place,
        missing=missing,
        lacks=lacks,
        gpu_types=tuple(one for one in GPU_TYPES if facts.hosts(place.region, one)),
        duties=duties(cities, place),
        trip=trip,
        network_s=round_trips(workload.assumptions.photos) * trip.mean / 1000,
        bill=bill,
        unpriced=unpriced,
    )


def resource_types(templates: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the resource types of AWS in templates, sorted."""
    kinds = {one["Type"] for template in templates for one in template["Resources"].values()}
    return tuple(sorted(kind for kind in kinds if kind.startswith("AWS::")))


def missing_in(
    region: str, instance_type: str, types: Iterable[str], facts: RegionFacts
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what of an environment a region does not have: what rules it out, and what it does without.

    Raises UnknownFactError for a resource type that the extract does not have.
    """
    absent = [kind for kind in types if not facts.has(region, kind)]
    without = [] if facts.hosts(region, instance_type) else [f"{instance_type} for hosting"]
    without += [kind for kind in absent if kind not in OPTIONAL]
    lacks = [why for kind, why in OPTIONAL.items() if not facts.has(region, kind)]
    return tuple(without), tuple(dict.fromkeys(lacks))


def moved(settings: Environment, region: str) -> Environment:
    """Return the settings with another region and its hourly price of the instance type.

    It is for prices only: the zones stay. Raises UnknownPriceError.
    """
    if region == settings.region:
        return settings
    usd = price_list(region).usd(settings.model.instance_type)
    model = settings.model.model_copy(update={"usd_per_hour": usd})
    return settings.model_copy(update={"region": region, "model": model})


def round_trips(photos: Photos) -> int:
    """Return the round trips of a request with photos: handshakes, and the slow start of sending."""
    kilobytes = photos.mean_per_report * photos.sent_kb.mean
    return HANDSHAKES + max(1, math.ceil(math.log2(kilobytes / FIRST_WINDOW_KB + 1)))
