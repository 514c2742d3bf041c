"""Made lists of users with known parameters, and what really becomes of them: user by user, photo by photo.

Nothing here is the planner's: the assumptions' values stand here again.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from math import exp, log

import numpy as np

TODAY = date(2026, 11, 27)
MONTH = 365.25 / 12
RETENTION_DAYS = 365
ACTIVE = (0.10, 0.20, 0.35)
REPORTS = (log(12), log(60 / 12) / 1.2815515655)  # of an active user in a month: log-normal
STORED = (log(95_000), log(140 / 95) / 1.2815515655)  # bytes of a photo: log-normal
PHOTOS = (0.15, 0.20, 0.22, 0.17, 0.10, 0.08, 0.04, 0.04)
ERASED, UPLOADED, UPLOAD_BYTES, UNUSED = 0.05, 0.03, 4e6, 0.10


@dataclass(frozen=True)
class Market:
    """Sign-ups of `days` days before TODAY that are expected to be `users`, and grow by `growth` a day."""

    users: int
    growth: float
    days: int

    @property
    def rate(self) -> float:
        """The expected sign-ups a day at TODAY."""
        if self.growth == 0:
            return self.users / self.days
        return self.users * self.growth / (1 - exp(-self.growth * self.days))

    def signups(self, day: float) -> float:
        """Return the expected sign-ups from TODAY until a day after it."""
        return self.rate * day if self.growth == 0 else self.rate * (exp(self.growth * day) - 1) / self.growth

    def draw(self, begin: float, end: float, random: np.random.Generator) -> np.ndarray:
        """Draw the moments of sign-ups, in days after TODAY."""
        count = random.poisson(self.signups(end) - self.signups(begin))
        share = random.random(count)
        if self.growth == 0:
            return begin + share * (end - begin)
        low, high = exp(self.growth * begin), exp(self.growth * end)
        return np.log(low + share * (high - low)) / self.growth


def export(moments: np.ndarray) -> io.BytesIO:
    """Return a list of users who signed up at these moments, as psql writes one."""
    start = np.datetime64(TODAY.isoformat(), "us")
    times = start + np.sort(moments * 86_400e6).astype("timedelta64[us]")
    rows = np.char.replace(np.datetime_as_string(times), "T", " ").tolist()
    return io.BytesIO(
        "\n".join(["id,created_at", *(f"{n},{row}+00" for n, row in enumerate(rows)), ""]).encode()
    )


def stored_bytes(signed_up: np.ndarray, day: float, random: np.random.Generator) -> float:
    """Return what the bucket holds at a moment, for users who signed up at these moments.

    A draw of all: who is active, how many reports each makes, of how many photos, of which sizes.
    """
    low, mode, high = ACTIVE
    share = random.triangular(low, mode, high)
    active = signed_up[(random.random(signed_up.size) < share) & (signed_up < day)]
    monthly = random.lognormal(*REPORTS, active.size)
    # Reports from before this moment are gone: S3 deletes at the midnight after the days of the rule.
    since = np.maximum(np.maximum(active, 0.0), day - RETENTION_DAYS - 1)
    count = random.poisson(monthly / MONTH * (day - since))
    created = np.repeat(since, count) + random.random(count.sum()) * np.repeat(day - since, count)
    ends = np.ceil(created + RETENTION_DAYS)
    erased = random.random(created.size) < ERASED
    ends[erased] = created[erased] + random.random(int(erased.sum())) * RETENTION_DAYS
    photos = random.choice(np.arange(1, 9), created.size, p=PHOTOS)
    number = int(photos[ends > day].sum())
    return float(random.lognormal(*STORED, number).sum()) + _unused(created, photos, day, random)


def _unused(created: np.ndarray, photos: np.ndarray, day: float, random: np.random.Generator) -> float:
    fresh = np.ceil(created + 1) > day
    named = photos[fresh & (random.random(created.size) < UPLOADED)].sum()
    return float(random.poisson(named * UNUSED / (1 - UNUSED)) * UPLOAD_BYTES)
