"""What photos cost in each storage class of S3, from their upload to their end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from statistics import NormalDist
from typing import TYPE_CHECKING

from planning.bucket.simulation import DAYS_PER_MONTH

if TYPE_CHECKING:
    from planning.assumptions import LogNormal
    from planning.prices.price_list import PriceList

GB = 2**30  # as S3 bills it
LEAST_BYTES = 128 * 1024  # the other classes bill a smaller object as this; a lifecycle does not move it
MOVED_AFTER_DAYS = 30  # the earliest that a lifecycle may move an object to Standard-IA


@dataclass(frozen=True)
class StorageClass:
    """A storage class: the beginning of its prices' names, and what it bills at least."""

    name: str
    item: str
    least_days: int = 0
    least_bytes: int = 0

    @property
    def items(self) -> tuple[str, ...]:
        """The names of its prices."""
        names = (self.item, f"{self.item}_put", f"{self.item}_get")
        return (*names, f"{self.item}_retrieval") if self.least_bytes else names


STANDARD = StorageClass("Standard", "s3_standard")
IA = StorageClass("Standard-IA", "s3_ia", 30, LEAST_BYTES)
GLACIER_IR = StorageClass("Glacier Instant Retrieval", "s3_glacier_ir", 90, LEAST_BYTES)
PRICES = (*STANDARD.items, *IA.items, "s3_ia_transition", *GLACIER_IR.items)


@dataclass(frozen=True)
class Life:
    """A photo's size, for how many days it is kept, and how often it is read."""

    size_kb: LogNormal
    days: float
    reads: float

    @property
    def mean_bytes(self) -> float:
        """The expected size."""
        return self.size_kb.mean * 1000

    def from_bytes(self, least: float) -> tuple[float, float]:
        """Return the share of the photos that have at least so many bytes, and the share of all bytes."""
        above = log(self.size_kb.median * 1000 / least) / self.size_kb.sigma
        return NormalDist().cdf(above), NormalDist().cdf(above + self.size_kb.sigma)


@dataclass(frozen=True)
class ClassCost:
    """USD for 1,000 photos."""

    name: str
    storage_usd: float
    requests_usd: float
    retrieval_usd: float = 0.0

    @property
    def usd(self) -> float:
        """The sum."""
        return self.storage_usd + self.requests_usd + self.retrieval_usd


def class_costs(life: Life, prices: PriceList) -> list[ClassCost]:
    """Return the cost in each class from the upload on, and with a rule that moves photos to Standard-IA."""
    return [*(class_cost(one, life, prices) for one in (STANDARD, IA, GLACIER_IR)), _moved(life, prices)]


def class_cost(kind: StorageClass, life: Life, prices: PriceList) -> ClassCost:
    """Return the cost of 1,000 photos that are put into the class."""
    billed = life.mean_bytes
    if kind.least_bytes:
        share, of_bytes = life.from_bytes(kind.least_bytes)
        billed = of_bytes * life.mean_bytes + (1 - share) * kind.least_bytes
    months = max(life.days, kind.least_days) / DAYS_PER_MONTH
    retrieval = prices.usd(f"{kind.item}_retrieval") if kind.least_bytes else 0.0
    return ClassCost(
        kind.name,
        storage_usd=1000 * billed / GB * months * prices.usd(kind.item),
        requests_usd=prices.usd(f"{kind.item}_put") + life.reads * prices.usd(f"{kind.item}_get"),
        retrieval_usd=1000 * life.mean_bytes / GB * life.reads * retrieval,
    )


def days_until_ia_pays(life: Life, prices: PriceList) -> float:
    """Return from how many days on photos cost less in Standard-IA than in Standard; infinite if never."""
    month, longer = (replace(life, days=days) for days in (30.0, 1030.0))
    at_first, later = (
        class_cost(IA, one, prices).usd - class_cost(STANDARD, one, prices).usd for one in (month, longer)
    )
    daily = (at_first - later) / 1000
    return max(0.0, 30 + at_first / daily) if daily > 0 else float("inf")


def _moved(life: Life, prices: PriceList) -> ClassCost:
    """Return the cost with a rule that moves photos to Standard-IA, if none is read after that."""
    name = f"Standard, moved to Standard-IA after {MOVED_AFTER_DAYS} days, if not read then"
    standard = class_cost(STANDARD, life, prices)
    days = life.days - MOVED_AFTER_DAYS
    if days <= 0:
        return replace(standard, name=name)
    share, of_bytes = life.from_bytes(LEAST_BYTES)
    gb = 1000 * of_bytes * life.mean_bytes / GB
    saved = days * prices.usd("s3_standard") - max(days, IA.least_days) * prices.usd("s3_ia")
    return ClassCost(
        name,
        standard.storage_usd - gb * saved / DAYS_PER_MONTH,
        standard.requests_usd + share * prices.usd("s3_ia_transition"),
    )
