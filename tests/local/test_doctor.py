"""The findings of the doctor, and their hints."""

import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from cli.findings import failure, note, ok
from local import doctor
from local.home import Home
from local.supervisor import ports

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_this_environment_is_complete(home: Home) -> None:
    found = [*doctor.check_python(home), *doctor.check_packages(home)]
    assert [finding for finding in found if finding.hint] == []


def test_old_python_is_a_failure(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 6))
    finding = next(doctor.check_python(home))
    assert "too old" in finding.text
    assert "brew install" in finding.hint


def test_missing_venv_module_is_a_failure(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert any("-venv" in finding.hint for finding in doctor.check_python(home))


@pytest.mark.parametrize("said", ["GNU Make 3.80\n", "usage: make\n"])
def test_old_or_foreign_make_is_refused(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    def answer(*arguments: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(["make"], 0, said, "")

    monkeypatch.setattr(subprocess, "run", answer)
    assert "xcode-select" in doctor.check_make().hint


def test_make_of_macos_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        subprocess, "run", lambda *a, **o: subprocess.CompletedProcess(["make"], 0, "GNU Make 3.81\n", "")
    )
    assert doctor.check_make().hint == ""


def test_missing_make_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "not installed" in doctor.check_make().text


def test_full_disk_is_a_failure(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 1000))
    assert any(finding.hint.startswith("Free ") for finding in doctor.check_system(home))


def test_missing_packages_are_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    monkeypatch.setattr("cli.cdk.node", lambda: None)
    found = list(doctor.check_packages(home))
    assert "torch" in found[0].text
    assert any((finding.subject, finding.text) == ("Node", "not installed.") for finding in found)
    assert {finding.hint for finding in found if finding.hint} == {doctor._SETUP}


def test_taken_preferred_port_is_a_note(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "PREFERRED", {"llm": port})
        monkeypatch.delenv("VITRINE_LLM_PORT", raising=False)
        (finding,) = doctor.check_ports(home)
    assert finding.level == "note"
    assert f"{port} is taken by" in finding.text


def test_taken_configured_port_is_a_failure(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(ports, "PREFERRED", {"llm": 8081})
        monkeypatch.setenv("VITRINE_LLM_PORT", str(taken.getsockname()[1]))
        (finding,) = doctor.check_ports(home)
    assert finding.level == "failure"
    assert "VITRINE_LLM_PORT" in finding.hint


def test_refused_downloads_are_a_note(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    (finding,) = doctor.check_package_index(home)
    assert finding.level == "note"
    assert "UV_DEFAULT_INDEX" in finding.hint


def never_ends(*arguments: Any, timeout: float, **options: Any) -> None:
    raise subprocess.TimeoutExpired("command", timeout)


def test_silent_index_is_a_note(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", never_ends)
    (finding,) = doctor.check_package_index(home)
    assert finding.level == "note"
    assert "does not answer within 60 s" in finding.text
    assert "UV_DEFAULT_INDEX" in finding.hint


def test_tool_that_hangs_has_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", never_ends)
    for finding in (doctor.check_tool("Node", ["node", "--version"]), doctor.check_make()):
        assert "within 60 s" in finding.text
        assert finding.hint


def test_only_failures_change_the_status(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    harmless = [ok("disk", "large"), note("port", "taken", "choose one")]
    monkeypatch.setattr(doctor, "CHECKS", (lambda home: iter(harmless),))
    assert doctor.run_doctor(home) == 0
    monkeypatch.setattr(doctor, "CHECKS", (lambda home: iter([failure("disk", "full", "free it")]),))
    assert doctor.run_doctor(home) == 1
    assert "✗ disk: full\n    hint: free it" in capsys.readouterr().out
