"""What the doctor finds, and the hint it names."""

import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from local import doctor
from local.home import Home
from local.supervisor import ports

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_this_environment_lacks_nothing(home: Home) -> None:
    found = [*doctor.interpreter(home), *doctor.packages(home)]
    assert [finding for finding in found if finding.hint] == []


def test_an_old_python(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 6))
    finding = next(doctor.interpreter(home))
    assert "too old" in finding.text
    assert "brew install" in finding.hint


def test_a_missing_venv_module(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert any("-venv" in finding.hint for finding in doctor.interpreter(home))


@pytest.mark.parametrize("said", ["GNU Make 3.80\n", "usage: make\n"])
def test_an_old_or_foreign_make(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    def answer(*arguments: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(["make"], 0, said, "")

    monkeypatch.setattr(subprocess, "run", answer)
    assert "xcode-select" in next(doctor.make()).hint


def test_the_make_of_macos_is_new_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        subprocess, "run", lambda *a, **o: subprocess.CompletedProcess(["make"], 0, "GNU Make 3.81\n", "")
    )
    assert next(doctor.make()).hint == ""


def test_no_make_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "not installed" in next(doctor.make()).text


def test_a_full_disk(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 1000))
    assert any(finding.hint.startswith("Free ") for finding in doctor.system(home))


def test_missing_packages_torch_among_them(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    found = list(doctor.packages(home))
    assert "torch" in found[0].text
    assert any(finding.text.startswith("Node is missing") for finding in found)
    assert {finding.hint for finding in found if finding.hint} == {doctor._SETUP}


def test_a_taken_port_is_only_a_note(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "PREFERRED", {"llm": port})
        monkeypatch.delenv("VITRINE_LLM_PORT", raising=False)
        (finding,) = doctor.addresses(home)
    assert finding.note
    assert f"port {port} is taken by" in finding.text


def test_a_taken_configured_port_is_an_ill(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(ports, "PREFERRED", {"llm": 8081})
        monkeypatch.setenv("VITRINE_LLM_PORT", str(taken.getsockname()[1]))
        (finding,) = doctor.addresses(home)
    assert not finding.note
    assert "VITRINE_LLM_PORT" in finding.hint


def test_refused_downloads_are_a_note(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    (finding,) = doctor.downloads(home)
    assert finding.note
    assert "UV_DEFAULT_INDEX" in finding.hint


def never_ends(*arguments: Any, timeout: float, **options: Any) -> None:
    raise subprocess.TimeoutExpired("command", timeout)


def test_an_index_that_never_answers_is_a_note(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", never_ends)
    (finding,) = doctor.downloads(home)
    assert finding.note
    assert "does not answer within 60 s" in finding.text
    assert "UV_DEFAULT_INDEX" in finding.hint


def test_a_tool_that_never_ends_is_told_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", never_ends)
    for finding in (doctor.runs("Node", ["node", "--version"]), next(doctor.make())):
        assert "within 60 s" in finding.text
        assert finding.hint


def test_its_status_says_whether_anything_is_ill(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    note = doctor.Finding("a", "b", note=True)
    monkeypatch.setattr(doctor, "CHECKS", (lambda home: iter([doctor.Finding("well"), note]),))
    assert doctor.show(home) == 0
    monkeypatch.setattr(doctor, "CHECKS", (lambda home: iter([doctor.Finding("ill", "rest")]),))
    assert doctor.show(home) == 1
    assert "✗ ill\n    hint: rest" in capsys.readouterr().out
