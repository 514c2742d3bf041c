"""Which assumption matters most: the bucket's expected size where one of them differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from planning.bucket.retention import retention
from planning.bucket.simulation import DAYS_PER_MONTH, MOST_A_DAY, Start, report_bytes
from services.core.photos.photo import MAX_PHOTOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planning.assumptions import Assumptions, LogNormal, Triangular
    from planning.bucket.growth import Growth


@dataclass(frozen=True)
class Plan:
    """What the expected size depends on; `active` is the share of the users, of `active_share`."""

    start: Start
    growth: Growth | None
    active_share: Triangular
    active: float
    assumptions: Assumptions
    retention_days: int

    def differing(self, section: str, **values: Any) -> Plan:
        """Return the plan with other values in a section of the assumptions."""
        other = getattr(self.assumptions, section).model_copy(update=values)
        return replace(self, assumptions=self.assumptions.model_copy(update={section: other}))


@dataclass(frozen=True)
class Effect:
    """The expected bytes with a smaller and with a bigger value of an assumption."""

    what: str
    smaller: str
    bigger: str
    bytes_smaller: float
    bytes_bigger: float

    @property
    def factor(self) -> float:
        """How many times bigger the bucket is with the one value than with the other."""
        low, high = sorted((self.bytes_smaller, self.bytes_bigger))
        return high / low if low else float("inf")


def expected_bytes(plan: Plan, day: int) -> float:
    """Return the expected size on a day from the start, of the most likely growth."""
    start, users = plan.start, plan.assumptions.users
    after = np.arange(1, start.gap_days + day + 2)
    signups = np.zeros(len(after))
    if plan.growth is not None:
        ahead = after + (start.last - plan.growth.day).days
        logs = plan.growth.level + users.growth_continues * plan.growth.slope * ahead
        signups = np.exp(np.minimum(logs, np.log(MOST_A_DAY)))
    everyone = (start.total + np.cumsum(signups))[start.gap_days :]
    makers = everyone * (start.reporting / start.total) * plan.active
    reports = makers * users.reports_per_active_user.mean / DAYS_PER_MONTH
    kept = retention(plan.retention_days, plan.assumptions)
    return float(kept.stored(reports * report_bytes(plan.assumptions.photos)[0], reports)[-1])


def effects(plan: Plan, day: int) -> list[Effect]:
    """Return what each assumption does to the expected size on a day, the strongest first."""
    found = [
        Effect(what, smaller, bigger, expected_bytes(low, day), expected_bytes(high, day))
        for what, smaller, low, bigger, high in _variants(plan)
    ]
    return sorted(found, key=lambda effect: -effect.factor)


def _variants(plan: Plan) -> Iterator[tuple[str, str, Plan, str, Plan]]:
    share, users, photos = plan.active_share, plan.assumptions.users, plan.assumptions.photos
    yield (
        "active share",
        f"{share.low:.0%}", replace(plan, active=share.low),
        f"{share.high:.0%}", replace(plan, active=share.high),
    )  # fmt: skip
    busy = users.reports_per_active_user
    less, more = _scaled(busy, 0.5), _scaled(busy, 2.0)
    yield (
        "reports of a user",
        f"median {less.median:g} a month", plan.differing("users", reports_per_active_user=less),
        f"median {more.median:g} a month", plan.differing("users", reports_per_active_user=more),
    )  # fmt: skip
    if plan.growth is not None:
        yield (
            "growth",
            "none", plan.differing("users", growth_continues=0.0),
            "twice the list's", plan.differing("users", growth_continues=2.0),
        )  # fmt: skip
    shares = photos.per_report
    fewer = (sum(shares[:2]), *shares[2:])
    more_photos = (0.0, *shares[: MAX_PHOTOS - 2], sum(shares[MAX_PHOTOS - 2 :]))
    yield (
        "photos of a report",
        "one fewer", plan.differing("photos", per_report=fewer),
        "one more", plan.differing("photos", per_report=more_photos),
    )  # fmt: skip
    size = photos.stored_kb
    small, big = size.median**2 / size.p90, size.p90
    yield (
        "size of a photo",
        f"median {small:.0f} KB", plan.differing("photos", stored_kb=_scaled(size, small / size.median)),
        f"median {big:.0f} KB", plan.differing("photos", stored_kb=_scaled(size, big / size.median)),
    )  # fmt: skip
    days = plan.retention_days
    yield (
        "retention_days",
        f"{max(1, days // 2)} days", replace(plan, retention_days=max(1, days // 2)),
        f"{2 * days} days", replace(plan, retention_days=2 * days),
    )  # fmt: skip
    erased = min(1.0, 2 * plan.assumptions.reports.erased_share)
    yield (
        "erased reports",
        "none", plan.differing("reports", erased_share=0.0),
        f"{erased:.0%}", plan.differing("reports", erased_share=erased),
    )  # fmt: skip
    uploaded = min(1.0, 2 * photos.uploaded_share)
    yield (
        "uploads",
        "none", plan.differing("photos", uploaded_share=0.0),
        f"{uploaded:.0%} of the reports", plan.differing("photos", uploaded_share=uploaded),
    )  # fmt: skip


def _scaled(value: LogNormal, factor: float) -> LogNormal:
    return value.model_copy(update={"median": value.median * factor, "p90": value.p90 * factor})
