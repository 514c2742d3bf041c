"""Starting and stopping: all of ours, nothing else."""

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


SAY_AND_SLEEP = "print('up', flush=True); time.sleep(60)"
SLEEP = _python(SAY_AND_SLEEP)
STUBBORN = _python(f"signal.signal(signal.SIGTERM, signal.SIG_IGN); {SAY_AND_SLEEP}")
PARENT = _python(
    "print('up', flush=True); subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
)


class Started:
    """Processes that a test starts in its home, and that end with it whatever happens."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.all: list[subprocess.Popen[bytes]] = []

    def __call__(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        process = processes.start(self.home, name, command, os.environ, self.home.log(name))
        self.all.append(process)
        record = processes.Record(process.pid, psutil.Process(process.pid).create_time(), 1, "x")
        processes.remember(self.home, {name: record})
        deadline = time.monotonic() + 10
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
def started(home: Home) -> Iterator[Started]:
    started = Started(home)
    yield started
    for process in started.all:
        process.kill()
        process.wait()


def test_stop_ends_what_was_started(home: Home, started: Started) -> None:
    process = started("llm", SLEEP)
    assert processes.stop(home) == ["llm"]
    assert process.wait(1) is not None
    assert processes.records(home) == {}


def test_stop_needs_no_record(home: Home, started: Started) -> None:
    process = started("llm", SLEEP)
    (home.state / "parts.json").unlink()
    assert processes.stop(home) == ["llm"]
    assert process.wait(1) is not None


def test_stop_ends_children_too(home: Home, started: Started) -> None:
    process = psutil.Process(started("emulator", PARENT).pid)
    deadline = time.monotonic() + 10
    while not (children := process.children()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    processes.stop(home)
    assert not any(child.is_running() for child in children)


def test_stop_ends_children_whose_parent_has_died(home: Home, started: Started) -> None:
    parent = started("emulator", PARENT)
    deadline = time.monotonic() + 10
    while not (children := psutil.Process(parent.pid).children()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    assert processes.stop(home) == ["emulator"]
    assert not any(child.is_running() for child in children)


def test_a_process_that_ignores_the_request_is_killed(
    home: Home, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_GRACE_S", 0.2)
    process = started("model", STUBBORN)
    processes.stop(home)
    assert process.wait(1) is not None


def test_one_part_can_be_stopped_alone(home: Home, started: Started) -> None:
    llm, model = started("llm", SLEEP), started("model", SLEEP)
    assert processes.stop(home, "llm") == ["llm"]
    assert llm.wait(1) is not None
    assert model.poll() is None
    assert processes.records(home)["llm"].process() is None
    assert processes.records(home)["model"].process() is not None


def test_another_home_is_left_alone(home: Home, started: Started, tmp_path: Path) -> None:
    process = started("llm", SLEEP)
    assert processes.stop(Home(tmp_path / "other")) == []
    assert process.poll() is None


def test_a_process_that_took_over_a_recorded_id_is_not_ours(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        try:
            processes.remember(home, {"llm": processes.Record(stranger.pid, 1.0, 1, "x")})
            assert processes.records(home)["llm"].process() is None
            assert processes.stop(home) == []
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"llm": {"pid": 1}}', '{"llm": 3}'])
def test_an_unreadable_record_counts_as_none(home: Home, content: str) -> None:
    (home.state / "parts.json").write_text(content)
    assert processes.records(home) == {}


def test_the_record_outlives_the_command(home: Home) -> None:
    record = processes.Record(1, 2.0, 3, "x")
    processes.remember(home, {"llm": record})
    processes.remember(home, {"model": record})
    assert processes.records(home) == {"llm": record, "model": record}
    assert set(json.loads((home.state / "parts.json").read_text())) == {"llm", "model"}


def test_a_program_that_is_not_installed_is_named_with_its_cure(home: Home) -> None:
    with pytest.raises(UserError, match=r"/nowhere/python is not installed"):
        processes.start(home, "emulator", ["/nowhere/python"], {}, home.log("emulator"))
