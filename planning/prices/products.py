"""Which product of the Price List API an item of `aws.csv` is, from `products.toml`."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from planning.prices.offers import Offer, read_offer
from planning.prices.sources import RefusedError

FILE = Path(__file__).with_name("products.toml")
# What the API may write before a usage type: CAN1-, USE1-, EU- or, for keys, ca-central-1-.
_REGION = r"(?:[A-Z]{2,4}\d?-|[a-z]{2}(?:-[a-z]+)+-\d-)?"
_REQUESTS = frozenset({"requests", "request", "api requests", "api calls", "invocations", "queries"})
# Our unit → the API's names of the unit that it counts in, in lower case, and how many of those ours is.
UNITS: Mapping[str, tuple[frozenset[str], int]] = {
    "hour": (frozenset({"hrs", "hours", "hour", "lcu-hrs", "vcpu-hours", "gb-hours"}), 1),
    "GB": (frozenset({"gb"}), 1),
    "GB-month": (frozenset({"gb-mo", "gb-month"}), 1),
    "GB-second": (frozenset({"lambda-gb-second", "gb-seconds", "gb-second"}), 1),
    "million requests": (_REQUESTS, 1_000_000),
    "ten thousand requests": (_REQUESTS, 10_000),
    "thousand requests": (_REQUESTS, 1_000),
    "thousand notifications": (frozenset({"notifications"}), 1_000),
    "million units": (frozenset({"readrequestunits", "writerequestunits"}), 1_000_000),
    "key-month": (frozenset({"keys", "key", "key-months"}), 1),
    "secret-month": (frozenset({"secrets", "secret", "secret-months"}), 1),
    "zone-month": (frozenset({"hostedzone", "hostedzones", "zones"}), 1),
    "metric-month": (frozenset({"metrics", "alarms", "alarm-months"}), 1),
    "alarm-month": (frozenset({"alarms", "alarm-months"}), 1),
    "dashboard-month": (frozenset({"dashboards", "dashboard-months"}), 1),
}


@dataclass(frozen=True)
class Product:
    """The service, and the attributes, by which the Price List API finds an item.

    `usage` is the usage type without its region. `everywhere`: the product is of no region.
    """

    service: str
    usage: str
    where: Mapping[str, str] = field(default_factory=dict)
    region_attribute: str = "regionCode"
    everywhere: bool = False

    def filters(self, region: str) -> list[dict[str, str]]:
        """Return the filters of GetProducts."""
        exact = dict(self.where) if self.everywhere else {self.region_attribute: region, **self.where}
        return [
            {"Type": "CONTAINS", "Field": "usagetype", "Value": self.usage},
            *({"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in exact.items()),
        ]

    def usd(self, answers: Iterable[str], unit: str) -> float:
        """Return the USD for one of our `unit`, by the offers of the API as JSON: the first tier that costs.

        Raises RefusedError where no product matches, where the prices of several differ, or where the API
        counts in a unit that does not convert; it names products and unit.
        """
        offers = [offer for answer in answers if self._is_meant(offer := read_offer(answer))]
        if not offers:
            raise RefusedError(f"no product of {self.service} has the usage type {self.usage}")
        prices = {offer.product.sku: offer.first_paid() for offer in offers}
        if len(set(prices.values())) > 1:
            named = ", ".join(f"{sku} at {usd:g} USD per {counted}" for sku, (usd, counted) in prices.items())
            raise RefusedError(f"several products have the usage type {self.usage}: {named}")
        usd, counted = next(iter(prices.values()))
        names, count = UNITS.get(unit, (frozenset(), 0))
        if counted.casefold() not in names:
            raise RefusedError(f"{self.usage} is counted in {counted!r}, which does not convert to {unit}")
        return round(usd * count, 12)

    def _is_meant(self, offer: Offer) -> bool:
        # CONTAINS also finds longer usage types.
        usage = offer.attributes.get("usagetype", "")
        return re.fullmatch(_REGION + re.escape(self.usage), usage) is not None


@cache
def products() -> Mapping[str, Product]:
    """Return the product of each item that the API prices."""
    return TypeAdapter(dict[str, Product]).validate_python(tomllib.loads(FILE.read_text("utf-8")))
