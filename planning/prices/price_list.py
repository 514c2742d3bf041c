"""The prices of AWS, from `aws.csv`: `*` as region means that every region has the price."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter

from planning.errors import UnknownPriceError

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).with_name("aws.csv")
EVERYWHERE = "*"
STALE_AFTER = timedelta(days=180)
HOURS_PER_MONTH = 730
Confidence = Literal["listed", "assumed"]


@dataclass(frozen=True)
class Price:
    """USD for one `unit` of an item in a region, read from `source` on `as_of`, or assumed.

    Of a price that falls with the amount it is the first tier, free amounts left out.
    """

    item: str
    region: str
    usd: float
    unit: str
    source: str
    as_of: date
    confidence: Confidence

    def doubt(self, today: date) -> str | None:
        """Return why a reader should doubt the price, or None if it is listed and fresh."""
        if self.confidence == "assumed":
            return f"assumed from {self.source}"
        return old(self.as_of, today)


def old(as_of: date, today: date) -> str | None:
    """Return that a price is out of date, or None."""
    return f"of {as_of}, over {STALE_AFTER.days} days old" if today - as_of > STALE_AFTER else None


class PriceList:
    """The prices of one region."""

    def __init__(self, prices: Iterable[Price], region: str) -> None:
        self.region = region
        self._prices = list(prices)

    def price(self, item: str) -> Price:
        """Return the region's price of an item; raises UnknownPriceError."""
        found = {one.region: one for one in self._prices if one.item == item}
        if (price := found.get(self.region) or found.get(EVERYWHERE)) is None:
            raise UnknownPriceError(item, self.region, ", ".join(sorted(found)))
        return price

    def usd(self, item: str) -> float:
        """Return the region's USD for one unit of an item; raises UnknownPriceError."""
        return self.price(item).usd

    def instance_types(self) -> tuple[str, ...]:
        """Return the SageMaker instance types that have a price in the region, as in ml.m5.large."""
        return tuple(
            one.item for one in self._prices if one.item.startswith("ml.") and one.region == self.region
        )

    def notes(self, items: Iterable[str], today: date) -> list[str]:
        """Return which prices of these items a reader should doubt: a sentence for each reason."""
        doubtful: dict[str, list[str]] = {}
        for item in dict.fromkeys(items):
            if (doubt := self.price(item).doubt(today)) is not None:
                doubtful.setdefault(doubt, []).append(item)
        return [f"Prices in {self.region} {why}: {', '.join(what)}." for why, what in doubtful.items()]


@cache
def all_prices(file: Path = FILE) -> tuple[Price, ...]:
    """Return every row of the file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(TypeAdapter(list[Price]).validate_python(list(csv.DictReader(lines))))


def price_list(region: str) -> PriceList:
    """Return the prices of a region."""
    return PriceList(all_prices(), region)


def priced_regions() -> tuple[str, ...]:
    """Return the regions that have prices."""
    return tuple(sorted({one.region for one in all_prices()} - {EVERYWHERE}))
