"""`logs` and `trace` of the local system, over the logs that its processes left."""

import json
from pathlib import Path

import pytest

from local.__main__ import main
from local.home import Home
from local.log_files import log_lines
from tests.cli.test_log_lines import REPORT, TRACE, USER, line

SPAN = "a" * 16


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A system that has ended, with the logs of two processes."""
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    home = Home(tmp_path.resolve())
    home.log("x").parent.mkdir()
    named = {"trace": TRACE, "span": SPAN, "report": REPORT, "user": USER}
    ended = line(3, **named, message="report ended", duration_ms=2000, outcome="succeeded", cost_usd=0.25)
    request = line(3, **named, service="analyze", message="request", duration_ms=2100, status=200)
    texts = ["INFO:     started", json.dumps(ended), json.dumps(ended), '{"time": "no", "message": "x"}', "{"]
    home.log("service").write_text("\n".join([*texts, json.dumps(request)]))
    home.log("emulator").write_bytes(b"\xff\xfe not text\n" + json.dumps(ended).encode())
    return home


def test_each_line_is_read_once(home: Home) -> None:
    assert sorted(found["message"] for found in log_lines(home)) == ["report ended", "request"]


def test_edge_line_in_cloudwatch_is_read_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = line(4, service="report-ready", message="event taken", trace=TRACE, span="b" * 16)
    home.log("edge").write_text(json.dumps(taken))
    arrived = {**taken, "event": "e-1", "source": "function_logs"}
    monkeypatch.setattr("local.log_files.function_lines", lambda _: iter([json.dumps(arrived)]))
    assert [found for found in log_lines(home) if found["service"] == "report-ready"] == [arrived]


def test_system_without_logs_has_no_lines(tmp_path: Path) -> None:
    assert log_lines(Home(tmp_path)) == []


def test_reports_are_listed(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs"]) == 0
    said = capsys.readouterr().out
    assert REPORT in said
    assert "0.250000 USD" in said


@pytest.mark.parametrize("identifier", [TRACE, REPORT])
def test_trace_is_drawn(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], identifier: str
) -> None:
    assert main(["trace", identifier]) == 0
    assert "analyze: request" in capsys.readouterr().out
    picture = tmp_path / "trace.svg"
    assert main(["trace", identifier, "--svg", str(picture)]) == 0
    assert f"trace {TRACE}" in picture.read_text("utf-8")


@pytest.mark.parametrize("identifier", ["0" * 32, "x", REPORT.lower(), "0" * 26])
def test_unknown_trace_is_an_error(home: Home, capsys: pytest.CaptureFixture[str], identifier: str) -> None:
    assert main(["trace", identifier]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "hint: " in said
