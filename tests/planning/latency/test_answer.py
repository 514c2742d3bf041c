"""What the latency command answers, as an answer and on the command line."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from planning.answer import Answer
from planning.assumptions import load_assumptions
from planning.errors import PlanningError
from planning.latency import tables
from planning.latency.answer import latency_answer
from planning.latency.commands import latency
from planning.workload import Workload
from settings.environment import load_environment
from tests.stacks.assemblies import changed

PROD = load_environment("prod")
TODAY = date(2026, 11, 27)
FULL = {"artifact": f"models/{'a' * 64}/blip2-endpoint.tar.gz", "instance_type": "ml.g4dn.xlarge"}


@pytest.fixture(autouse=True, scope="module")
def few_loads() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "NEEDED_AT", (2000,))
        yield


@pytest.fixture(scope="module")
def answer() -> Answer:
    return latency_answer(PROD, Workload(3000, load_assumptions()), TODAY, 25)


def test_lead_names_goal_and_cheapest(answer: Answer) -> None:
    assert "As it is set (ml.m5.large, async, 0 to 3 instances)" in answer.lead
    assert "misses the goal of 10 s" in answer.lead
    assert "For BLIP-2 the cheapest that meets it is ml.g4dn.xlarge, async" in answer.lead


def test_data_has_units_and_both_models(answer: Answer) -> None:
    data: Any = answer.data
    assert data["reports_per_month"] == 3000
    assert data["goal_s"] == 10
    assert not data["as_set"]["meets_goal"]
    assert data["as_set"]["busy_p95_s"] > 600
    for model, estimated in (("demo", False), ("full", True)):
        chosen = data["cheapest"][model]
        assert chosen["busy_p95_s"] <= 10
        assert chosen["usd_month"] > 0
        assert chosen["estimated"] is estimated
    json.dumps(data)


def test_estimates_and_assumptions_are_noted(answer: Answer) -> None:
    notes = "\n".join(answer.notes)
    assert "T4: estimated from an H100" in notes
    assert "Assumed: when reports come" in notes
    assert "Prices in ca-central-1 assumed" in notes


def test_tables_have_a_cell_for_each_column(answer: Answer) -> None:
    for table in answer.tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert table.numbers <= set(table.columns)


def test_cheapest_is_marked_once_for_each_model(answer: Answer) -> None:
    ways = [table for table in answer.tables if table.title.startswith("Ways to run")]
    assert len(ways) == 2
    for table in ways:
        assert [row[1] for row in table.rows].count("cheapest") == 1
        usd = [float(row[-1].replace(",", "")) for row in table.rows if row[1] != "missed"]
        assert usd == sorted(usd)


def test_day_chart_has_every_hour(answer: Answer) -> None:
    chart = answer.charts[0]
    assert {one.x for one in chart.series} == {tuple(map(float, range(24)))}
    assert chart.marks[0].at == 10
    assert chart.y_log


def test_full_model_alone_is_answered_for() -> None:
    settings = changed("prod", model={**FULL, "usd_per_hour": 0.82, "min_instances": 1})
    found = latency_answer(settings, Workload(3000, load_assumptions()), TODAY, 25)
    data: Any = found.data
    assert set(data["cheapest"]) == {"full"}
    assert data["as_set"]["model"] == "full"
    assert data["as_set"]["meets_goal"]


def test_batches_of_async_endpoint_are_explained() -> None:
    found = latency_answer(PROD, Workload(3000, load_assumptions()), TODAY, 25, batch_up_to=8)
    assert any("two requests at a time" in note for note in found.notes)


def test_few_reports_and_pause_are_noted() -> None:
    paused = changed("prod", model={"paused": True})
    notes = latency_answer(paused, Workload(0, load_assumptions()), TODAY, 25).notes
    assert any("Simulated with 10 reports a month" in note for note in notes)
    assert any("paused" in note for note in notes)


def test_type_without_seconds_is_refused() -> None:
    settings = changed("prod", model={"instance_type": "ml.inf2.xlarge"})
    with pytest.raises(PlanningError, match=r"ml\.inf2\.xlarge: the seconds of a request"):
        latency_answer(settings, Workload(3000, load_assumptions()), TODAY, 25)


def test_command_prints_json() -> None:
    found = CliRunner().invoke(latency, ["--reports", "1000", "--json"])
    assert found.exit_code == 0
    assert json.loads(found.stdout)["reports_per_month"] == 1000


def test_command_reads_assumptions(tmp_path: Path) -> None:
    slow = tmp_path / "slow.toml"
    slow.write_text("[reports]\nworded_s = { median = 20.0, p90 = 21.0 }\n", "utf-8")
    found = CliRunner().invoke(latency, ["--reports", "1000", "--assume", str(slow)])
    assert found.exit_code == 0
    assert "For the demo model no configuration meets it." in found.stdout


def test_command_forecasts_from_users(tmp_path: Path) -> None:
    users = tmp_path / "users.csv"
    rows = [f"{number},2026-{1 + number % 10:02}-{1 + number % 27:02}T10:00:00Z" for number in range(400)]
    users.write_text("\n".join(["id,created_at", *rows, ""]), "utf-8")
    found = CliRunner().invoke(latency, ["--users", str(users), "--json"])
    assert found.exit_code == 0, found.stderr
    assert json.loads(found.stdout)["reports_per_month"] > 100


def test_users_and_reports_exclude_each_other() -> None:
    found = CliRunner().invoke(latency, ["--users", "-", "--reports", "1000"], input="id,created_at\n")
    assert found.exit_code == 2
    assert "Pass either --users or --reports." in found.stderr
