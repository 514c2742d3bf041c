"""Starting and stopping: every process of the home, no others."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cli.errors import UserError
from local.home import Home
from local.supervisor import processes


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", f"import os, signal, subprocess, sys, time\n{code}"]


REPORT_AND_SLEEP = "print('up', flush=True); time.sleep(60)"
SLEEP = _python(REPORT_AND_SLEEP)
STUBBORN = _python(f"signal.signal(signal.SIGTERM, signal.SIG_IGN); {REPORT_AND_SLEEP}")
PARENT = _python(
    "print('up', flush=True); subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
)


class Launcher:
    """Starts processes in a test's home; all of them end with the test."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.all: list[subprocess.Popen[bytes]] = []

    def __call__(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        process = processes.start(self.home, name, command, os.environ, self.home.log(name))
        self.all.append(process)
        record = processes.ProcessRecord(process.pid, psutil.Process(process.pid).create_time(), 1, "x")
        processes.save_records(self.home, {name: record})
        deadline = time.monotonic() + 60
        while b"up" not in self.home.log(name).read_bytes():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path.resolve())
    home.create()
    return home


@pytest.fixture
def launch(home: Home) -> Iterator[Launcher]:
    launcher = Launcher(home)
    yield launcher
    for process in launcher.all:
        process.kill()
        process.wait()


def test_stop_ends_started_processes(home: Home, launch: Launcher) -> None:
    process = launch("llm", SLEEP)
    assert processes.stop(home) == ["llm"]
    assert process.wait(30) is not None
    assert processes.records(home) == {}


def test_stop_needs_no_record(home: Home, launch: Launcher) -> None:
    process = launch("llm", SLEEP)
    (home.state / "processes.json").unlink()
    assert processes.stop(home) == ["llm"]
    assert process.wait(30) is not None


def test_stop_ends_children_too(home: Home, launch: Launcher) -> None:
    process = psutil.Process(launch("emulator", PARENT).pid)
    deadline = time.monotonic() + 60
    while not (children := process.children()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    processes.stop(home)
    assert not any(child.is_running() for child in children)


def test_stop_ends_orphaned_children(home: Home, launch: Launcher) -> None:
    parent = launch("emulator", PARENT)
    deadline = time.monotonic() + 60
    while not (children := psutil.Process(parent.pid).children()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    assert processes.stop(home) == ["emulator"]
    assert not any(child.is_running() for child in children)


def test_process_that_ignores_sigterm_is_killed(
    home: Home, launch: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_GRACE_S", 0.2)
    process = launch("model", STUBBORN)
    processes.stop(home)
    assert process.wait(30) is not None


def test_one_process_can_be_stopped(home: Home, launch: Launcher) -> None:
    llm, model = launch("llm", SLEEP), launch("model", SLEEP)
    assert processes.stop(home, "llm") == ["llm"]
    assert llm.wait(30) is not None
    assert model.poll() is None
    assert processes.records(home)["llm"].process() is None
    assert processes.records(home)["model"].process() is not None


def test_processes_of_other_homes_stay(home: Home, launch: Launcher, tmp_path: Path) -> None:
    process = launch("llm", SLEEP)
    assert processes.stop(Home(tmp_path / "other")) == []
    assert process.poll() is None


def test_reused_process_id_is_ignored(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        try:
            processes.save_records(home, {"llm": processes.ProcessRecord(other.pid, 1.0, 1, "x")})
            assert processes.records(home)["llm"].process() is None
            assert processes.stop(home) == []
            assert other.poll() is None
        finally:
            other.kill()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"llm": {"pid": 1}}', '{"llm": 3}'])
def test_unreadable_records_count_as_none(home: Home, content: str) -> None:
    (home.state / "processes.json").write_text(content)
    assert processes.records(home) == {}


def test_records_are_added_one_by_one(home: Home) -> None:
    record = processes.ProcessRecord(1, 2.0, 3, "x")
    processes.save_records(home, {"llm": record})
    processes.save_records(home, {"model": record})
    assert processes.records(home) == {"llm": record, "model": record}
    assert set(json.loads((home.state / "processes.json").read_text())) == {"llm", "model"}


def test_missing_program_is_named(home: Home) -> None:
    with pytest.raises(UserError, match=r"/nowhere/python is not installed"):
        processes.start(home, "emulator", ["/nowhere/python"], {}, home.log("emulator"))
