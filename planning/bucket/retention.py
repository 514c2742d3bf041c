"""How long the bucket keeps what is put into it: the lifecycle's rules, and erasures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planning.assumptions import Assumptions

    Floats = NDArray[np.float64]

UPLOAD_DAYS = 1.5  # the lifecycle deletes an upload at the midnight after a day


@dataclass(frozen=True)
class Retention:
    """Photos expire at the midnight after `days` days; `erased` of them are erased before, evenly over time.

    Of each report the bucket also gets `unused_bytes`, on average, that stay for UPLOAD_DAYS.
    """

    days: int
    erased: float
    unused_bytes: float

    @property
    def mean_days(self) -> float:
        """For how many days a photo is kept, on average."""
        return 0.5 + self.days - self.erased * (self.days + 1) / 2

    def settled(self, photo_bytes: float) -> float:
        """Return the bytes that stay in the bucket for one report a day, each of `photo_bytes` in photos."""
        return photo_bytes * self.mean_days + self.unused_bytes * UPLOAD_DAYS

    def stored(self, added: Floats, reports: Floats) -> Floats:
        """Return the bytes in the bucket, averaged over each day, of the bytes that each day adds.

        The last axis is the day. A photo of a day is there for half of that day and for `days` more.
        """
        at = np.arange(added.shape[-1])
        whole, aged = _sum_before(added, self.days), _sum_before(added * at, self.days)
        erased = (whole * at - aged) * (self.erased / self.days)
        uploads = (reports / 2 + _sum_before(reports, 1)) * self.unused_bytes
        return added / 2 + whole - erased + uploads


def retention(days: int, assumptions: Assumptions) -> Retention:
    """Return the retention of photos for `days` days."""
    photos = assumptions.photos
    used = photos.uploaded_share * photos.mean_per_report * photos.uploaded_mb * 1e6
    return Retention(
        days, assumptions.reports.erased_share, used * photos.unused_share / (1 - photos.unused_share)
    )


def _sum_before(values: Floats, days: int) -> Floats:
    """Return the sums over the `days` days before each day."""
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    np.cumsum(values, axis=-1, out=sums[..., 1:])
    first = np.maximum(np.arange(values.shape[-1]) - days, 0)
    return sums[..., :-1] - sums[..., first]
