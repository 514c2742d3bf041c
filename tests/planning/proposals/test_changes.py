"""What the needs of the reports lead to in the settings."""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.assumptions import load_assumptions
from planning.cost.bill import Bill, Line
from planning.errors import PlanningError
from planning.latency.configurations import Configuration
from planning.latency.report_seconds import Percentiles, Run
from planning.proposals import changes as module
from planning.proposals.applying import apply_answer, unified_diff, with_changes
from planning.proposals.changes import Change, changed, changes
from planning.proposals.needs import Needs
from planning.proposals.second_region import loaded
from planning.workload import Workload
from settings.environment import FOLDER, Environment
from tests.stacks.assemblies import changed as settings_of

PROD = (FOLDER / "prod.toml").read_text("utf-8")
SETTINGS = settings_of("prod")
TODAY = date(2026, 11, 27)
BUDGET = "# budget of the whole account: notifies at 80 and 100 percent; default: none"


def endpoint(least: int = 1, most: int = 2, p95_s: float = 6.0, goal_s: float = 10.0) -> Configuration:
    seconds = Percentiles(p95_s / 2, p95_s)
    run = Run(seconds, seconds, (), 0.0, 730.0 * least, most)
    return Configuration("demo", "ml.m5.large", "async", least, most, None, run, 93.44, goal_s, False)


def needed(best: Configuration | None, slowest_s: float = 0.14, tasks: int = 1) -> Needs:
    return Needs(Workload(10_000, load_assumptions()), best, slowest_s, estimated=False, tasks=tasks)


@pytest.fixture
def bills(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """USD of a month without what is kept, and USD that each day of retention costs."""
    known = {"others": 150.0, "day": 0.01}

    def bill(settings: Environment, _templates: Any, _workload: Workload) -> Bill:
        kept = known["day"] * settings.retention_days
        return Bill((Line("others", 1, known["others"]), Line("kept", 1, kept, ("s3_standard",))))

    monkeypatch.setattr(module, "monthly", bill)
    return known


def after(settings: Environment, found: Needs) -> dict[str, float]:
    return {one.key: one.after for one in changes(settings, found, [])[0]}


def test_values_follow_the_needs(bills: dict[str, float]) -> None:
    found = after(settings_of("prod"), needed(endpoint(2, 5), slowest_s=2.6, tasks=4))
    assert found == {
        "model.min_instances": 2,
        "model.max_instances": 5,
        "service.max_tasks": 8,
        "alarms.p95_latency_ms": 5500,  # 5.2 s, to the next half second
        "alarms.report_goal_s": 9,
        "alarms.monthly_budget_usd": 200.0,  # 153.65 / 0.8 is 192.06
    }


def test_reserve_is_kept(bills: dict[str, float]) -> None:
    found = after(settings_of("prod"), needed(endpoint(1, 1)))
    assert (found["model.max_instances"], found["service.max_tasks"]) == (2, 3)


def test_reserve_stays_within_the_bounds(bills: dict[str, float]) -> None:
    service = {"min_tasks": 100, "max_tasks": 100}
    found = after(settings_of("prod", service=service), needed(endpoint(20, 20), tasks=60))
    assert found["model.max_instances"] == 20
    assert "service.max_tasks" not in found


def test_unscalable_type_keeps_equal_bounds(bills: dict[str, float]) -> None:
    model = {"instance_type": "ml.t2.medium", "min_instances": 1, "max_instances": 1}
    found = after(settings_of("prod", model=model), needed(endpoint(1, 1)))
    assert "model.max_instances" not in found


def test_missed_goal_leaves_the_endpoint(bills: dict[str, float]) -> None:
    found = after(settings_of("prod"), needed(None))
    assert not {"model.min_instances", "model.max_instances", "alarms.report_goal_s"} & found.keys()


def test_goal_is_never_loosened(bills: dict[str, float]) -> None:
    prod = settings_of("prod", alarms={"report_goal_s": 7})
    assert "alarms.report_goal_s" not in after(prod, needed(endpoint(p95_s=6.5, goal_s=7)))
    assert after(prod, needed(endpoint(p95_s=0.5, goal_s=7)))["alarms.report_goal_s"] == 5


def test_costly_storage_shortens_retention(bills: dict[str, float]) -> None:
    bills["day"] = 0.5  # 182.50 USD a year beside 150: over a quarter
    found = after(settings_of("prod"), needed(endpoint()))
    assert found["retention_days"] == 100  # a third of 150 is 50 USD
    assert found["alarms.monthly_budget_usd"] == 250.0  # (150 + 50) / 0.8


def test_cheap_storage_keeps_retention(bills: dict[str, float]) -> None:
    assert "retention_days" not in after(settings_of("prod"), needed(endpoint()))


def test_region_without_budgets_gets_none(bills: dict[str, float]) -> None:
    calgary = settings_of("prod", region="ca-west-1", zones=("ca-west-1a", "ca-west-1b"))
    assert "alarms.monthly_budget_usd" not in after(calgary, needed(endpoint()))


@given(
    best=st.builds(
        endpoint,
        least=st.integers(1, 4),
        most=st.integers(4, 20),
        p95_s=st.floats(0.5, 10),
    ),
    slowest_s=st.floats(0.01, 14),
    tasks=st.integers(1, 50),
    day=st.floats(0, 5),
    others=st.floats(1, 1e5),
)
def test_changes_settle_at_once(
    best: Configuration, slowest_s: float, tasks: int, day: float, others: float
) -> None:
    def bill(settings: Environment, _templates: Any, _workload: Workload) -> Bill:
        kept = day * settings.retention_days
        return Bill((Line("others", 1, others), Line("kept", 1, kept, ("s3_standard",))))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "monthly", bill)
        found = needed(best, slowest_s, tasks)
        first, _ = changes(SETTINGS, found, [])
        settled = Environment.model_validate(changed(SETTINGS, first).model_dump())
        assert changes(settled, found, [])[0] == []


def test_text_has_the_changed_settings(bills: dict[str, float]) -> None:
    bills["day"] = 0.5
    first, _ = changes(SETTINGS, needed(endpoint(2, 5), slowest_s=2.6, tasks=4), [])
    assert len(first) == 7
    assert loaded("prod", with_changes(PROD, first)) == changed(SETTINGS, first)


def test_diff_has_only_the_values() -> None:
    found = [Change("alarms.monthly_budget_usd", 300.0, 140.0, ""), Change("retention_days", 365, 90, "")]
    text = with_changes(PROD, found)
    diff = unified_diff(Path("prod.toml"), PROD, text).splitlines()
    assert [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        "-retention_days = 365         # days that photos and reports are kept",
        "+retention_days = 90          # days that photos and reports are kept",
        f"-monthly_budget_usd = 300.0   {BUDGET}",
        f"+monthly_budget_usd = 140.0   {BUDGET}",
    ]
    assert tomllib.loads(text)["alarms"]["monthly_budget_usd"] == 140.0


def test_absent_value_is_added_in_its_section() -> None:
    lines = [line for line in PROD.splitlines(keepends=True) if not line.startswith("monthly_budget_usd")]
    text = with_changes("".join(lines), [Change("alarms.monthly_budget_usd", None, 140.0, "")])
    assert tomllib.loads(text)["alarms"]["monthly_budget_usd"] == 140.0


def test_value_out_of_bounds_is_refused() -> None:
    text = with_changes(PROD, [Change("model.max_instances", 3, 34, "")])
    with pytest.raises(
        PlanningError, match=r"prod\.toml: model\.max_instances = 34: allowed: .*20"
    ) as refused:
        loaded("prod", text, "Choose another type.")
    assert refused.value.hint == "Choose another type."


def test_answer_says_that_nothing_changes(bills: dict[str, float]) -> None:
    found = needed(endpoint())
    prod = settings_of("prod")
    answer = apply_answer(prod, found, [], 150.0, Bill((Line("all", 1, 150.0),)), "1 report", TODAY)
    assert answer.lead == "Nothing to change in prod: 10,000 reports cost 150.00 USD a month."
    assert (answer.tables, answer.data["changes"]) == ((), [])


def test_answer_gives_reasons_and_doubts(bills: dict[str, float]) -> None:
    prod, found = settings_of("prod"), replace(needed(endpoint()), estimated=True)
    some, bill = changes(prod, found, [])
    answer = apply_answer(prod, found, some, 120.0, bill, "1 report", TODAY)
    assert "120.00 USD a month, and 153.65 USD with the changes" in answer.lead
    assert [row[0] for row in answer.tables[0].rows] == [one.key for one in some]
    assert all(row[3] for row in answer.tables[0].rows)
    assert any("estimated" in note for note in answer.notes)
    assert any("[model.schedule]" in note for note in answer.notes)
    missed = apply_answer(prod, needed(None), [], 120.0, bill, "1 report", TODAY)
    assert any("meets the goal of 10 s, so its bounds stay" in note for note in missed.notes)
