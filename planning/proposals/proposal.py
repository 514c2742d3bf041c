"""What to set, for the reports that are planned for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from planning.bucket.forecast import SEED
from planning.cost.modes import monthly
from planning.proposals.applying import apply_answer
from planning.proposals.changes import changes
from planning.proposals.needs import needs
from planning.synthesis import templates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from planning.answer import Answer
    from planning.bucket.forecast import Forecast
    from planning.proposals.changes import Change
    from planning.workload import Workload
    from settings.environment import Environment

PLANNED_MONTHS = 3


class Proposal(NamedTuple):
    """The settings that differ, and the answer that says why."""

    changes: Sequence[Change]
    answer: Answer


def planned(found: Forecast) -> tuple[float, str]:
    """Return the reports of a month that the settings are planned for, and which they are, in words."""
    reports = max(month.p90 for month in found.reports_per_month[:PLANNED_MONTHS])
    return reports, f"the busiest of the next {PLANNED_MONTHS} months, in nine of ten draws"


def proposal(
    settings: Environment, workload: Workload, basis: str, today: date, seed: int = SEED
) -> Proposal:
    """Return what to set for a workload; `basis` says which one it is.

    Raises PlanningError for an instance type without known seconds or price.
    """
    needed, declared = needs(settings, workload, seed), templates(settings)
    found, bill = changes(settings, needed, declared)
    now = monthly(settings, declared, workload).total
    return Proposal(found, apply_answer(settings, needed, found, now, bill, basis, today))
