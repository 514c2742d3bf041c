"""What an environment is asked to do in a month, on average: the input of cost and latency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planning.errors import PlanningError

if TYPE_CHECKING:
    from planning.assumptions import Assumptions

HOURS_PER_MONTH = 730
DAYS_PER_MONTH = HOURS_PER_MONTH / 24
HOURS_PER_WEEK = 7 * 24


@dataclass(frozen=True)
class Workload:
    """Reports of a month, and what is assumed of each. Raises PlanningError for a negative number."""

    reports_per_month: float
    assumptions: Assumptions

    def __post_init__(self) -> None:
        """Refuse a number that is no number of reports."""
        if not 0 <= self.reports_per_month < float("inf"):
            raise PlanningError(
                f"{self.reports_per_month:g} is not a number of reports a month.",
                hint="Give a number from 0 on.",
            )

    @property
    def reports_per_hour(self) -> float:
        """Reports of an average hour of a month of 730 hours."""
        return self.reports_per_month / HOURS_PER_MONTH

    def hourly(self) -> tuple[float, ...]:
        """Return the reports of each of the 168 hours of a week, from Monday 0:00 local time on."""
        arrivals = self.assumptions.arrivals
        weights = [day * hour for day in arrivals.days for hour in arrivals.hours]
        total = sum(weights)
        return tuple(self.reports_per_hour * HOURS_PER_WEEK * weight / total for weight in weights)
