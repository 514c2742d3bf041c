"""The prices of AWS, from `aws.csv`: `*` as region means that every region has the price."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from planning.errors import PlanningError, UnknownPriceError
from planning.prices.rows import read_rows
from planning.prices.sources import Confidence, Usd, doubt

FILE = Path(__file__).with_name("aws.csv")
EVERYWHERE = "*"


@dataclass(frozen=True)
class Price:
    """USD for one `unit` of an item in a region.

    Of a price that falls with the amount it is the first tier that costs something.
    """

    item: str
    region: str
    usd: Usd
    unit: str
    source: str
    as_of: date
    confidence: Confidence


class PriceList:
    """The prices of one region."""

    def __init__(self, prices: Iterable[Price], region: str) -> None:
        self.region = region
        self._prices = {(one.item, one.region): one for one in prices}

    def price(self, item: str) -> Price:
        """Return the region's price of an item; raises UnknownPriceError."""
        found = self._prices.get((item, self.region)) or self._prices.get((item, EVERYWHERE))
        if found is None:
            known = sorted(region for name, region in self._prices if name == item)
            raise UnknownPriceError(item, self.region, ", ".join(known))
        return found

    def usd(self, item: str) -> float:
        """Return the region's USD for one unit of an item; raises UnknownPriceError."""
        return self.price(item).usd

    def items(self) -> tuple[str, ...]:
        """Return the items that have a price in the region, in the order of the file."""
        here = (self.region, EVERYWHERE)
        return tuple(dict.fromkeys(item for item, region in self._prices if region in here))

    def instance_types(self) -> tuple[str, ...]:
        """Return the SageMaker instance types that have a price in the region, as in ml.m5.large."""
        return tuple(item for item in self.items() if item.startswith("ml."))

    def notes(self, items: Iterable[str], today: date) -> list[str]:
        """Return which prices of these items a reader should doubt: a sentence for each reason."""
        doubtful: dict[str, list[str]] = {}
        for item in dict.fromkeys(items):
            if (why := doubt(self.price(item), today)) is not None:
                doubtful.setdefault(why, []).append(item)
        return [f"Prices in {self.region} {why}: {', '.join(what)}." for why, what in doubtful.items()]


@cache
def all_prices(file: Path = FILE) -> tuple[Price, ...]:
    """Return every row of the file; raises PlanningError where one is wrong or there twice."""
    prices = read_rows(file, Price)
    seen: set[tuple[str, str]] = set()
    for one in prices:
        if (one.item, one.region) in seen:
            raise PlanningError(
                f"{file}: {one.item} has two prices in {one.region}.", hint="Delete one of the rows."
            )
        seen.add((one.item, one.region))
    return prices


def price_list(region: str) -> PriceList:
    """Return the prices of a region."""
    return PriceList(all_prices(), region)


def priced_regions() -> tuple[str, ...]:
    """Return the regions that have prices."""
    return tuple(sorted({one.region for one in all_prices()} - {EVERYWHERE}))
