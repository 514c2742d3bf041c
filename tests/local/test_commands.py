"""`python -m local` itself."""

import json
import sys
from pathlib import Path

import pytest

from local import __main__ as commands
from local.doctor import check_python
from local.home import Home, readable_line, tail
from local.supervisor import configuration, process_specs

NAMES = ("up", "down", "status", "doctor", "outputs", "redrive", "events", "token", "demo")


@pytest.mark.parametrize("command", NAMES)
def test_commands_explain_themselves(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main([command, "--help"]) == 0
    assert f"python -m local {command}" in capsys.readouterr().out


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    commands.main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines if line.startswith("  ") and line.strip()} >= set(NAMES)
    assert not [line for line in lines[1:] if line.endswith("...")]


def test_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["down", "--all"]) == 2
    assert "--all" in capsys.readouterr().err


def test_error_has_a_hint_without_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    assert commands.main(["outputs"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: Nothing is deployed on this machine.\n  hint: Run `python -m local up`.\n"


def test_down_without_processes_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    assert commands.main(["down"]) == 0
    assert capsys.readouterr().err == "Nothing was running.\n"


def test_variable_chooses_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    assert Home.current().root == tmp_path.resolve()


def test_json_log_line_is_readable() -> None:
    line = json.dumps(
        {"level": "ERROR", "message": "went wrong", "error": "KeyError", "stack": ["KeyError", "a.py:1 b"]}
    )
    assert readable_line(line) == "ERROR went wrong KeyError"


@pytest.mark.parametrize("line", ["plain", "{not json", "{}", '{"other": 1}'])
def test_other_log_lines_stay(line: str) -> None:
    assert readable_line(line) == line


def test_repeated_log_lines_are_merged(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\n\ntwo\ntwo\ntwo\nthree\n")
    assert tail(tmp_path / "log", 2) == ["two", "three"]


def test_missing_log_has_no_lines(tmp_path: Path) -> None:
    assert tail(tmp_path / "log") == []


def test_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "rich.table", None)
    assert commands.main(["status"]) == 1
    assert "lacks the package rich.table" in capsys.readouterr().err


def test_doctor_works_without_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    monkeypatch.setattr("local.doctor.CHECKS", (check_python,))
    monkeypatch.setitem(sys.modules, "click", None)
    for module in ("cli.entry", "local.commands"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    assert commands.main(["doctor"]) == 0
    assert "✓ Python: 3." in capsys.readouterr().out


def test_invalid_setting_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        configuration.SOURCE.read_text().replace("retention_days = 7", 'retention_days = "long"')
    )
    monkeypatch.setattr(configuration, "SOURCE", wrong)
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    assert commands.main(["up"]) == 1
    said = capsys.readouterr().err
    assert "retention_days" in said
    assert "hint: Correct environments/local.toml" in said
    assert commands.main(["down"]) == 0
    assert "Nothing was running" in capsys.readouterr().err


def test_missing_page_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(process_specs, "PAGE", tmp_path / "page")
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    assert commands.main(["up"]) == 1
    said = capsys.readouterr().err
    assert f"The page is not built: {tmp_path / 'page'} has no index.html." in said
    assert "hint: Run `make web`." in said
    assert commands.main(["down"]) == 0
    assert "Nothing was running" in capsys.readouterr().err


def test_outputs_are_those_of_a_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # What a page needs: the API's address, and what supabase-js takes, its URL and its publishable key.
    public = {"ApiUrl", "Region", "SupabaseUrl", "SupabasePublishableKey"}
    others = {"ReportsTable", "JobsQueue", "ModelEndpoint"}
    outputs = dict.fromkeys(public | others, "x")
    monkeypatch.setattr("local.supervisor.account.stack_outputs", lambda home: outputs)
    assert commands.main(["outputs"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == public
    assert commands.main(["outputs", "--all"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == public | others
