"""What the bucket costs in a month: its storage and its requests, in S3 Standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planning.bucket.storage_classes import GB, STANDARD

if TYPE_CHECKING:
    from planning.assumptions import Assumptions
    from planning.prices.price_list import PriceList


@dataclass(frozen=True)
class Requests:
    """Requests to the bucket in a month. Deletions are free, and a bucket key makes those to KMS few."""

    puts: float
    gets: float


@dataclass(frozen=True)
class MonthlyCost:
    """USD for a month's storage, of its mean size, and for its requests."""

    storage_usd: float
    puts_usd: float
    gets_usd: float

    @property
    def usd(self) -> float:
        """The sum."""
        return self.storage_usd + self.puts_usd + self.gets_usd


def requests(reports: float, assumptions: Assumptions) -> Requests:
    """Return the requests that so many reports lead to.

    Each photo is put once, and read by each view of its report and by the worker of a late report. An upload
    is one more PUT, also if no report names it, and one GET if one does.
    """
    photos, shares = assumptions.photos, assumptions.reports
    number = reports * photos.mean_per_report
    uploaded = number * photos.uploaded_share
    return Requests(
        puts=number + uploaded / (1 - photos.unused_share),
        gets=number * (shares.viewed + shares.late_share) + uploaded,
    )


def monthly_cost(stored_bytes: float, made: Requests, prices: PriceList) -> MonthlyCost:
    """Return the cost of a month that stores so many bytes."""
    return MonthlyCost(
        storage_usd=stored_bytes / GB * prices.usd(STANDARD.item),
        puts_usd=made.puts / 1000 * prices.usd(f"{STANDARD.item}_put"),
        gets_usd=made.gets / 1000 * prices.usd(f"{STANDARD.item}_get"),
    )
