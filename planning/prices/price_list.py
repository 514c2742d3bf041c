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


@dataclass(frozen=True)
class Price:
    """USD for one `unit` of an item in a region, read from `source` on `as_of`, or assumed."""

    item: str
    region: str
    usd: float
    unit: str
    source: str
    as_of: date
    confidence: Literal["listed", "assumed"]

    def note(self, today: date) -> str | None:
        """Return what a reader must know about the price, or None if it is listed and fresh."""
        if self.confidence == "assumed":
            return f"{self.item} in {self.region} is assumed: {self.source}"
        if today - self.as_of > STALE_AFTER:
            return f"{self.item} in {self.region} is of {self.as_of}, over {STALE_AFTER.days} days old"
        return None


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

    def notes(self, items: Iterable[str], today: date) -> list[str]:
        """Return what a reader must know about the prices of these items, each once."""
        notes = (self.price(item).note(today) for item in dict.fromkeys(items))
        return [note for note in notes if note is not None]


@cache
def all_prices(file: Path = FILE) -> tuple[Price, ...]:
    """Return every row of the file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(TypeAdapter(list[Price]).validate_python(list(csv.DictReader(lines))))


def price_list(region: str) -> PriceList:
    """Return the prices of a region."""
    return PriceList(all_prices(), region)
