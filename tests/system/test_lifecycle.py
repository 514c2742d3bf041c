"""`up`, `status` and `down`, on the real thing."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from local.home import REPOSITORY, Home
from local.supervisor import ports, processes
from tests.system.running import System


def _ours(home: Home) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(processes.OWNER) == str(home.root):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def test_every_part_is_ready(system: System) -> None:
    done = system.command("status")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ready") == len(ports.names("realtime"))


def test_every_part_listens_on_loopback_only(system: System) -> None:
    listening = {
        connection.laddr.ip
        for process in _ours(system.home)
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_start_does_not_wait_for_the_cdks_rules(system: System) -> None:
    assert (system.home.assembly / "manifest.json").is_file()
    assert not (system.home.assembly / "validation-report.json").exists()


def test_a_second_up_reuses_all_that_runs(system: System) -> None:
    before = processes.records(system.home)
    said = system.up()
    assert processes.records(system.home) == before
    assert said.count("runs already") == len(ports.names("realtime"))
    assert "nothing changed" in said


def test_a_killed_part_is_reported_and_brought_back(system: System) -> None:
    killed = system.pid("sagemaker")
    os.kill(killed, signal.SIGKILL)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(killed).wait(10)
    done = system.command("status")
    assert done.returncode == 1
    assert "Last lines of sagemaker" in done.stdout
    before = processes.records(system.home)
    said = system.up()
    after = processes.records(system.home)
    assert "started again, it had ended" in said
    assert [name for name in after if after[name].pid != before[name].pid] == ["sagemaker"]
    assert after["sagemaker"].port == before["sagemaker"].port


def test_a_part_that_fails_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    home = Home(tmp_path.resolve())
    home.data("identity").mkdir(parents=True)
    (home.data("identity") / "signing-key.pem").write_text("not a key")
    other = System(home)
    try:
        done = other.command("up")
        assert done.returncode == 1
        assert "The identity issuer ended with status 1" in done.stderr
        assert "signing-key.pem holds no P-256 private key" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        other.client.close()
        other.command("down")
    assert _ours(home) == []


def test_a_taken_configured_port_stops_up_before_anything_starts(tmp_path: Path) -> None:
    other = System(Home(tmp_path.resolve()))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = other.command("up", VITRINE_LLM_PORT=str(port))
    other.client.close()
    assert done.returncode == 1
    assert f"Port {port}, which VITRINE_LLM_PORT asks for, is taken by" in done.stderr
    assert _ours(other.home) == []


@pytest.mark.parametrize("moment", ["…", "bootstrapping"])
def test_an_interrupted_up_leaves_nothing_running(tmp_path: Path, moment: str) -> None:
    home = Home(tmp_path.resolve())
    with subprocess.Popen(
        [sys.executable, "-m", "local", "up"],
        cwd=REPOSITORY,
        env={**os.environ, "VITRINE_HOME": str(home.root)},
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stderr is not None
        for line in up.stderr:
            if moment in line:
                break
        up.send_signal(signal.SIGINT)
        rest = up.stderr.read()
        assert up.wait(30) == 130
    assert "Interrupted" in rest
    assert "Traceback" not in rest
    assert _ours(home) == []


def test_down_ends_what_a_killed_up_left_even_without_its_record(tmp_path: Path) -> None:
    home = Home(tmp_path.resolve())
    with subprocess.Popen(
        [sys.executable, "-m", "local", "up"],
        cwd=REPOSITORY,
        env={**os.environ, "VITRINE_HOME": str(home.root)},
        stderr=subprocess.DEVNULL,
    ) as up:
        deadline = time.monotonic() + 60
        while len(_ours(home)) < 6:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        up.kill()
    (home.state / "parts.json").unlink(missing_ok=True)
    other = System(home)
    done = other.command("down")
    other.client.close()
    assert done.returncode == 0
    assert _ours(home) == []
