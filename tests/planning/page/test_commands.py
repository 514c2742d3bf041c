"""`python -m planning page`: what it reads and writes, and what it refuses before it begins."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.entry import run_commands
from planning.__main__ import commands
from planning.example import example_csv
from planning.page import compose
from planning.page.compose import Inputs, Question
from tests.planning.page.plans import plan


@pytest.fixture(autouse=True)
def one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rooms' answers take seconds: a made one stands in."""
    answers = plan().sections[0].answers

    def answer(inputs: Inputs) -> tuple[object, ...]:
        return answers

    monkeypatch.setattr(compose, "QUESTIONS", (Question("where", "Where?", "regions", answer),))  # type: ignore[arg-type]


def run(*arguments: str) -> int:
    return run_commands(commands, ["page", *arguments], program="python -m planning")


def test_page_names_the_list_and_none_of_its_users(tmp_path: Path) -> None:
    users, out = tmp_path / "users.csv", tmp_path / "plan.html"
    users.write_bytes(example_csv(users=321))
    ids = [line.partition(",")[0] for line in users.read_text().splitlines()[1:]]
    out.write_text("an older page")
    assert run(str(users), "--env", "dev", "--out", str(out)) == 0
    text = out.read_text("utf-8")
    assert "321 users of" in text
    assert "users.csv" in text
    assert "made up" not in text
    assert not [one for one in ids if one in text]


def test_page_without_a_list_says_so(tmp_path: Path) -> None:
    out = tmp_path / "plan.html"
    assert run("--out", str(out)) == 0
    assert "The users are made up: 5,000 of a marketplace" in out.read_text("utf-8")


def test_piped_list_and_assumptions_are_in_the_command(tmp_path: Path) -> None:
    out, assume = tmp_path / "plan.html", tmp_path / "own values.toml"
    assume.write_text("[users]\ngrowth_continues = 0.5\n")
    list_of_users = example_csv(users=50)
    arguments = ["page", "-", "--out", str(out), "--assume", str(assume)]
    done = CliRunner().invoke(commands, arguments, input=list_of_users, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    text = out.read_text("utf-8")
    assert "50 users of standard input" in text
    assert f"page - --env prod --assume &#39;{assume}&#39;</code>" in text


def test_figures_are_printed_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--out", str(tmp_path / "plan.html"), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"where": [{"notes": ["Montréal is assumed"]}]}


def test_missing_folder_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--out", str(tmp_path / "none" / "plan.html")) == 1
    said = capsys.readouterr().err
    assert "there is no folder" in said
    assert "hint: Make it, or name another file by --out." in said
    assert "…" not in said


def test_wrong_list_leaves_the_old_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    users, out = tmp_path / "users.csv", tmp_path / "plan.html"
    users.write_text("name\nAnn\n")
    out.write_text("an older page")
    assert run(str(users), "--out", str(out)) == 1
    assert "error: " in capsys.readouterr().err
    assert out.read_text() == "an older page"
    assert {file.name for file in tmp_path.iterdir()} == {"users.csv", "plan.html"}


def test_emulator_has_no_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--env", "local", "--out", str(tmp_path / "plan.html")) == 1
    assert "hint: Choose another: dev, prod." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
