"""`python -m planning cost`, as it is typed."""

import json
from datetime import date

import pytest
from click.testing import CliRunner

from planning.assumptions import load_assumptions
from planning.cost.answers import cost_answer, idle_answer
from planning.cost.commands import cost
from planning.errors import PlanningError
from planning.workload import Workload
from settings.environment import load_environment

TODAY = date(2026, 11, 27)


def test_answer_adds_up() -> None:
    answer = cost_answer(load_environment("prod"), Workload(10_000, load_assumptions()), TODAY)
    data = answer.data
    assert data["usd_month"] == pytest.approx(sum(line["usd_month"] for line in data["lines"]))  # type: ignore
    assert data["usd_per_1000_reports"] == pytest.approx(data["usd_month"] / 10)  # type: ignore[operator]
    assert answer.tables[0].rows[-1][2] == f"{data['usd_month']:.2f}"
    assert f"{data['usd_month']:.2f} USD" in answer.lead
    own = [one for one in data["modes"] if one["mode"] == data["mode"] and one["reports_month"] == 10_000]  # type: ignore
    assert own[0]["usd_month"] == data["usd_month"]  # type: ignore[index,call-overload]
    assert "an instance kept from 08:00 to 18:00, Mon to Fri, else as async" in answer.tables[1].rows[1]
    (llm,) = (line["usd_month"] for line in data["lines"] if line["part"] == "llm")  # type: ignore
    assert llm == pytest.approx(10 * 1.05 * data["llm_usd_per_1000_calls"]["as set"])  # type: ignore
    assert answer.tables[-1].title.endswith("for 1,000 calls: 1,000 reports take 1,050")
    for table in answer.tables:
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert table.numbers <= set(table.columns)


def test_assumed_prices_are_said() -> None:
    answer = cost_answer(load_environment("prod"), Workload(10_000, load_assumptions()), TODAY)
    assert any("assumed" in note for note in answer.notes)
    old = idle_answer(load_environment("prod"), date(2036, 1, 1))
    assert any("days old" in note for note in old.notes)


def test_same_question_has_the_same_answer() -> None:
    settings, workload = load_environment("dev"), Workload(1234, load_assumptions())
    assert cost_answer(settings, workload, TODAY) == cost_answer(settings, workload, TODAY)


def test_overload_is_said() -> None:
    notes = cost_answer(load_environment("dev"), Workload(1e8, load_assumptions()), TODAY).notes
    assert any("model.max_instances = 1" in note for note in notes)


def test_emulated_environment_costs_nothing() -> None:
    with pytest.raises(PlanningError, match="local is deployed into an emulator"):
        cost_answer(load_environment("local"), Workload(1, load_assumptions()), TODAY)


def test_command_prints_json() -> None:
    done = CliRunner().invoke(cost, ["--env", "prod", "--reports", "0", "--json"])
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert data["reports_month"] == data["usd_per_1000_reports"] == 0
    assert data["idle_usd_month"] > data["usd_month"] > 0  # without metrics, which no report gives a value


def test_command_prints_tables() -> None:
    done = CliRunner().invoke(cost, ["--env", "dev", "--reports", "2500"])
    assert done.exit_code == 0, done.output
    assert "with 2,500 reports" in done.stdout
    assert "realtime" in done.stdout
    assert done.stderr == ""


def test_number_that_is_none_is_refused() -> None:
    done = CliRunner().invoke(cost, ["--reports", "many"])
    assert done.exit_code == 2
    assert "many" in done.output
