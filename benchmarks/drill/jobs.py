"""The jobs of a drill: who asks for which report, by which way, and how it is erased."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from benchmarks.drill.deployment import Deployment
from benchmarks.local_service import user_id

USERS = 12
Choice = TypeVar("Choice")


class Way(StrEnum):
    """How a job asks for its report."""

    API = "api"  # POST /analyze
    DATABASE = "database"  # a row of public.analyses
    REFUSED = "refused"  # a row that names a missing upload: its report has failed, and its user is told


class Erasure(StrEnum):
    """How a job's report is erased."""

    AT_ONCE = "DELETE while it is made"
    LATER = "DELETE at any time"
    ROW = "its row of public.reports is deleted"


# Of all jobs, and of those of a way; the rest is not erased.
WAYS = {Way.API: 0.7, Way.DATABASE: 0.24, Way.REFUSED: 0.06}
ERASURES = {
    Way.API: {Erasure.AT_ONCE: 0.08, Erasure.LATER: 0.03, Erasure.ROW: 0.03},
    Way.DATABASE: {Erasure.LATER: 0.08, Erasure.ROW: 0.08},
    Way.REFUSED: {Erasure.LATER: 0.05},
}
# Seconds before an erasure, counted from when the report is known.
ERASED_AFTER_S = {Erasure.AT_ONCE: (0.0, 0.5), Erasure.LATER: (0.0, 8.0), Erasure.ROW: (0.0, 2.0)}


@dataclass
class Job:
    """One report to request, and what its client knows about it."""

    number: int
    deployment: Deployment
    user: str
    way: Way = Way.API
    erasure: Erasure | None = None
    report_id: str | None = None
    analysis: str | None = None
    upload: str | None = None
    answers: dict[int, int] = field(default_factory=dict)
    other_id: str | None = None
    settled: bool = False
    erased: bool = False

    def __str__(self) -> str:
        """Name the job, how it asked, and how it is erased."""
        erasure = f", {self.erasure}" if self.erasure else ""
        return f"job {self.number} ({self.way}, {self.deployment.mode}{erasure})"

    @property
    def user_id(self) -> str:
        """The user's id: the subject of the access tokens, and the owner of the rows."""
        return user_id(self.user)

    @property
    def key(self) -> str:
        """The idempotency key."""
        return key_of(self.number) if self.way == Way.API else f"analysis:{self.analysis}"


def key_of(number: int) -> str:
    """Return the idempotency key of a job that asks the API."""
    return f"drill-{number}"


def draw_jobs(
    count: int, chance: random.Random, deployments: Sequence[Deployment], database: Deployment
) -> list[Job]:
    """Return jobs drawn at random; those of the database ask the deployment that has its webhooks."""
    jobs = []
    for number in range(count):
        way = _pick(WAYS, chance) or Way.API
        at = deployments[number % len(deployments)] if way == Way.API else database
        user, erasure = f"seller{chance.randrange(USERS)}", _pick(ERASURES[way], chance)
        if erasure == Erasure.ROW:
            at = database  # a deleted row is told to the deployment that the database knows
        jobs.append(Job(number, at, user, way, erasure))
    return jobs


def _pick(shares: dict[Choice, float], chance: random.Random) -> Choice | None:
    drawn = chance.random()
    for choice, share in shares.items():
        if (drawn := drawn - share) < 0:
            return choice
    return None
