"""The commands `regions`, `expand` and `apply`, as a user types them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from planning.__main__ import commands
from planning.errors import PlanningError
from planning.proposals import commands as proposals
from planning.proposals import proposal
from planning.regions import commands as regions
from settings.environment import FOLDER, load_environment

TEMPLATES = ({"Resources": {"Alb": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"}}},)
Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """prod's settings, in a file of their own."""
    file = tmp_path / "prod.toml"
    file.write_bytes((FOLDER / "prod.toml").read_bytes())
    return file


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process, over templates with a load balancer alone."""
    for module in (proposals, proposal, regions):
        monkeypatch.setattr(module, "templates", lambda _settings: TEMPLATES)

    def run(*arguments: Any) -> Result:
        result = CliRunner().invoke(commands, [str(one) for one in arguments])
        if isinstance(result.exception, Exception):
            raise result.exception
        return result

    return run


def answers(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(proposals, "ask", lambda _question: text)


def test_regions_print_figures(run: Run) -> None:
    found = json.loads(run("regions", "--json", "--reports", 1000).stdout)
    assert found["regions"][0]["region"] == "ca-central-1"
    assert found["reports_per_month"] == 1000


def test_regions_take_own_cities(run: Run, tmp_path: Path) -> None:
    cities, measured = tmp_path / "cities.csv", tmp_path / "measured.csv"
    cities.write_text("city,jurisdiction,latitude,longitude,weight\nSeattle,US-WA,47.6,-122.3,5\n")
    measured.write_text("city,region,ms\nSeattle,us-west-2,7.5\n")
    printed = run("regions", "--cities", cities, "--measured", measured).stdout
    assert "us-west-2 (Boardman) suits best" in printed
    assert "8 ms" in printed or "7 ms" in printed


def test_extract_has_nothing_to_change(run: Run) -> None:
    assert run("regions", "extract").stdout == "facts.csv: nothing changed\n"


@pytest.mark.parametrize("command", [("regions",), ("expand", "us-east-1"), ("apply", "--reports", 9)])
def test_local_system_is_refused(run: Run, command: tuple[object, ...]) -> None:
    with pytest.raises(PlanningError, match="local is deployed into this machine's emulator"):
        run(*command, "--env", "local")


def test_expand_writes_on_demand(run: Run, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "prod-us-west-2.toml"
    run("expand", "us-west-2", "--env", file, "--out", out)
    assert not out.exists()
    run("expand", "us-west-2", "--env", file, "--out", out, "--write")
    settings = load_environment(out)
    assert (settings.name, settings.region) == ("prod-us-west-2", "us-west-2")
    with pytest.raises(PlanningError, match="exists already"):
        run("expand", "us-west-2", "--env", file, "--out", out, "--write")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ["second", "second.json", "no/folder/second.toml"])
def test_second_file_needs_a_place(run: Run, file: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(PlanningError, match="no place for settings"):
        run("expand", "us-west-2", "--env", file, "--out", tmp_path / name, "--write")


def test_refused_region_writes_nothing(run: Run, file: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanningError):
        run("expand", "eu-west-1", "--env", file, "--out", tmp_path / "second.toml", "--write")
    assert sorted(tmp_path.iterdir()) == [file]


def test_apply_writes_after_a_yes(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()
    answers(monkeypatch, "n")
    printed = run("apply", "--env", file, "--reports", 100).stdout
    assert file.read_bytes() == before
    assert "-min_instances = 0 " in printed and "+min_instances = 1 " in printed
    answers(monkeypatch, "y")
    run("apply", "--env", file, "--reports", 100)
    assert load_environment(file).model.min_instances == 1
    answers(monkeypatch, "this is not asked")
    assert "Nothing to change in prod" in run("apply", "--env", file, "--reports", 100).stdout


def test_apply_as_json_writes_with_yes_alone(run: Run, file: Path) -> None:
    before = file.read_bytes()
    found = json.loads(run("apply", "--env", file, "--reports", 100, "--json").stdout)
    assert file.read_bytes() == before
    assert "model.min_instances" in {one["key"] for one in found["changes"]}
    json.loads(run("apply", "--env", file, "--reports", 100, "--json", "--yes").stdout)
    assert file.read_bytes() != before


def test_file_that_changes_meanwhile_stays(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(_question: str) -> str:
        file.write_text("# another hand\n")
        return "y"

    monkeypatch.setattr(proposals, "ask", ask)
    with pytest.raises(PlanningError, match="has changed meanwhile"):
        run("apply", "--env", file, "--reports", 100)
    assert file.read_text() == "# another hand\n"


def test_too_many_reports_are_refused(run: Run, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(
        PlanningError, match=r"tasks in the busiest hour, and service\.max_tasks is at most 100"
    ) as refused:
        run("apply", "--env", file, "--reports", 500_000_000, "--yes")
    assert "expand" in refused.value.hint
    assert file.read_bytes() == before


def test_apply_needs_reports_or_users(run: Run, file: Path) -> None:
    for arguments in ((), ("--reports", 5, "--users", file)):
        result = CliRunner().invoke(commands, ["apply", "--env", str(file), *map(str, arguments)])
        assert result.exit_code == 2 and "either --users or --reports" in result.output


def test_apply_plans_for_the_list(run: Run, file: Path, tmp_path: Path) -> None:
    from planning.example import example_csv

    users = tmp_path / "users.csv"
    users.write_bytes(example_csv(users=500))
    found = json.loads(run("apply", "--env", file, "--users", users, "--json").stdout)
    assert 500 < found["reports_per_month"] < 50_000
    assert any("nine of ten draws" in note for note in found["notes"])
