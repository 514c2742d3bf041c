"""What a plan is made from, and what its head says."""

from datetime import date

import pytest

from planning.answer import Answer
from planning.assumptions import load_assumptions
from planning.page.compose import QUESTIONS, Inputs, plan
from planning.page.page import Section
from planning.users.user_list import UserList
from settings.environment import load_environment

DAY = date(2026, 3, 1)
USERS = UserList(name="users.csv", first=date(2026, 1, 1), signups=(1_000, 234))


def inputs(environment: str) -> Inputs:
    return Inputs(load_environment(environment), USERS, load_assumptions(), DAY, 1)


def test_head_names_environment_list_and_day() -> None:
    made = plan(inputs("prod"), [], made_up=False, command="python")
    assert made.title == "Plan of prod"
    assert made.about == "ca-central-1 · 1,234 users of users.csv · 1 March 2026"
    assert made.warning == ""


def test_made_list_is_said_first() -> None:
    made = plan(inputs("dev"), [], made_up=True, command="python")
    assert made.warning.startswith("The users are made up: 1,234 of a marketplace")
    assert "users.csv" not in made.about


def test_speed_and_cost_are_of_the_same_month() -> None:
    made = inputs("prod")
    assert made.workload.reports_per_month == made.forecast.reports_per_month[11].p50


def test_head_says_which_reports_the_answers_are_for() -> None:
    made = inputs("prod")
    found = made.forecast.reports_per_month
    said = plan(made, [], made_up=False, command="python").basis
    assert f"for {found[11].p50:,.0f} reports a month, the median of month 12" in said
    assert f"What to set: for {max(month.p90 for month in found[:3]):,.0f}, the busiest of the next 3" in said


def test_questions_are_in_the_owners_order() -> None:
    assert [one.text for one in QUESTIONS] == ["Where?", "How big?", "How fast?", "How much?", "What to set?"]


@pytest.mark.parametrize(
    ("lead", "short"),
    [
        ("It costs 12.50 USD. With more it costs 20.", "It costs 12.50 USD."),
        ("It costs 12.50 USD.", "It costs 12.50 USD."),
        ("Nothing changes", "Nothing changes"),
    ],
)
def test_short_answer_is_the_first_sentence(lead: str, short: str) -> None:
    assert Section("cost", "How much?", (Answer("Cost", lead),)).short == short
