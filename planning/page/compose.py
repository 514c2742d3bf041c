"""The plan of an environment: every room's answer, in the order of the owner's questions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from planning.bucket.answer import bucket_answer
from planning.bucket.forecast import forecast
from planning.cost.answers import cost_answer
from planning.latency.answer import latency_answer
from planning.page.page import Plan, Section
from planning.proposals.proposal import planned, proposal
from planning.regions.answer import regions_answer
from planning.regions.places import read_cities
from planning.synthesis import templates
from planning.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from planning.answer import Answer
    from planning.assumptions import Assumptions
    from planning.bucket.forecast import Forecast
    from planning.users.user_list import UserList
    from settings.environment import Environment

MONTH_OF_THE_PLAN = 12
"""Speed and cost are those of the forecast's month of this number, by its median."""


@dataclass(frozen=True)
class Inputs:
    """What a plan of an environment in AWS is made from."""

    settings: Environment
    users: UserList
    assumptions: Assumptions
    today: date
    seed: int

    @cached_property
    def forecast(self) -> Forecast:
        """What the users lead to in 24 months."""
        return forecast(self.settings, self.users, self.assumptions, self.today, self.seed)

    @cached_property
    def workload(self) -> Workload:
        """What the environment is asked to do in the month of the plan."""
        reports = self.forecast.reports_per_month[MONTH_OF_THE_PLAN - 1].p50
        return Workload(reports, self.assumptions)


@dataclass(frozen=True)
class Question:
    """A question of the owner; `doing` says what answering it takes."""

    id: str
    text: str
    doing: str
    answers: Callable[[Inputs], Iterable[Answer]]

    def section(self, inputs: Inputs) -> Section:
        """Return the answers. Raises PlanningError."""
        return Section(self.id, self.text, tuple(self.answers(inputs)))


def _size(inputs: Inputs) -> Iterable[Answer]:
    yield bucket_answer(inputs.settings, inputs.users, inputs.assumptions, inputs.today, inputs.seed)


def _where(inputs: Inputs) -> Iterable[Answer]:
    declared = templates(inputs.settings)
    yield regions_answer(inputs.settings, declared, inputs.workload, read_cities(), inputs.today)


def _speed(inputs: Inputs) -> Iterable[Answer]:
    yield latency_answer(inputs.settings, inputs.workload, inputs.today, inputs.seed)


def _cost(inputs: Inputs) -> Iterable[Answer]:
    yield cost_answer(inputs.settings, inputs.workload, inputs.today)


def _settings(inputs: Inputs) -> Iterable[Answer]:
    reports, basis = planned(inputs.forecast)
    workload = Workload(reports, inputs.assumptions)
    yield proposal(inputs.settings, workload, basis, inputs.today, inputs.seed).answer


QUESTIONS = (
    Question("where", "Where?", "regions, for users in Canada's large cities", _where),
    Question("size", "How big?", "users and bucket in 24 months", _size),
    Question("speed", "How fast?", "weeks and busy days of the endpoint, simulated", _speed),
    Question("cost", "How much?", "the bill of a month", _cost),
    Question("settings", "What to set?", "bounds, thresholds and budget", _settings),
)


def plan(inputs: Inputs, sections: Iterable[Section], *, made_up: bool, command: str) -> Plan:
    """Return the plan with its sections; `made_up` says that the list of users is an example."""
    settings, users = inputs.settings, inputs.users
    source = "a made list" if made_up else users.name
    typical, (most, which) = inputs.workload.reports_per_month, planned(inputs.forecast)
    warning = (
        f"The users are made up: {users.total:,} of a marketplace that grows. Give a list of your own, as "
        "exported from Supabase, to see your figures."
    )
    return Plan(
        title=f"Plan of {settings.name}",
        about=f"{settings.region} · {users.total:,} users of {source} · {spoken(inputs.today)}",
        basis=(
            f"Where, how fast and how much: for {typical:,.0f} reports a month, the median of month "
            f"{MONTH_OF_THE_PLAN} from today. What to set: for {most:,.0f}, {which}."
        ),
        warning=warning if made_up else "",
        sections=tuple(sections),
        made_by=f"Made by `{command}`. The same settings, list, day and prices give the same page.",
    )


def spoken(day: date) -> str:
    """Return a day as a reader says it: 27 November 2026."""
    return f"{day.day} {day:%B %Y}"
