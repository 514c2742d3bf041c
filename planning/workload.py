"""What an environment is asked to do in a month, on average: the input of cost and latency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planning.assumptions import Assumptions


@dataclass(frozen=True)
class Workload:
    """Reports of a month, and what is assumed of each."""

    reports_per_month: float
    assumptions: Assumptions

    @property
    def reports_per_hour(self) -> float:
        """Reports of an average hour of a month of 730 hours."""
        return self.reports_per_month / 730
