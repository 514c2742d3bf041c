"""`python -m local` itself."""

import json
import sys
from pathlib import Path

import pytest

from local import __main__ as commands
from local.home import Home, spell, tail
from local.supervisor import settings


@pytest.mark.parametrize("command", ["up", "down", "status", "doctor", "outputs"])
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main([command, "--help"])
    assert ended.value.code == 0
    assert f"python -m local {command}" in capsys.readouterr().out


def test_the_list_of_commands_says_what_each_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        commands.main(["--help"])
    said = capsys.readouterr().out
    assert all(command in said for command in ("up", "down", "status", "doctor", "outputs", "token", "demo"))


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["down", "--all"])
    assert ended.value.code == 2
    assert "--all" in capsys.readouterr().err


def test_an_error_is_told_with_its_cure_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    assert commands.main(["outputs"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: Nothing is deployed on this machine.\n  hint: Run `python -m local up`.\n"


def test_down_of_nothing_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    assert commands.main(["down"]) == 0
    assert capsys.readouterr().err == "Nothing was running.\n"


def test_the_home_is_where_its_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    assert Home.current().root == tmp_path.resolve()


def test_a_log_line_of_json_is_told_in_words() -> None:
    line = json.dumps(
        {"level": "ERROR", "message": "went wrong", "exc_info": "Traceback\n  …\nKeyError: 'x'"}
    )
    assert spell(line) == "ERROR went wrong KeyError: 'x'"


@pytest.mark.parametrize("line", ["plain", "{not json", "{}", '{"other": 1}'])
def test_other_log_lines_stay(line: str) -> None:
    assert spell(line) == line


def test_a_line_that_repeats_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\n\ntwo\ntwo\ntwo\nthree\n")
    assert tail(tmp_path / "log", 2) == ["two", "three"]


def test_a_log_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert tail(tmp_path / "log") == []


def test_a_missing_package_is_named_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "local.supervisor.status", None)
    assert commands.main(["status"]) == 1
    assert "lacks the package local.supervisor.status" in capsys.readouterr().err


def test_a_wrong_setting_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(settings.SOURCE.read_text().replace("retention_days = 7", 'retention_days = "long"'))
    monkeypatch.setattr(settings, "SOURCE", wrong)
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    assert commands.main(["up"]) == 1
    said = capsys.readouterr().err
    assert "retention_days" in said
    assert "hint: Mend environments/local.toml" in said
    assert commands.main(["down"]) == 0
    assert "Nothing was running" in capsys.readouterr().err
