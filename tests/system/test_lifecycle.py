"""`up`, `status` and `down` with real processes."""

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


def _processes_of(home: Home) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(processes.OWNER) == str(home.root):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def test_every_process_is_ready(system: System) -> None:
    done = system.command("status")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ready") == len(ports.process_names("realtime"))


def test_processes_listen_on_loopback_only(system: System) -> None:
    listening = {
        connection.laddr.ip
        for process in _processes_of(system.home)
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_start_skips_the_cdks_rules(system: System) -> None:
    assert (system.home.assembly / "manifest.json").is_file()
    assert not (system.home.assembly / "validation-report.json").exists()


def test_second_up_keeps_every_process(system: System) -> None:
    before = processes.records(system.home)
    output = system.up()
    assert processes.records(system.home) == before
    assert output.count("runs already") == len(ports.process_names("realtime"))
    assert "nothing changed" in output


def test_killed_process_is_restarted(system: System) -> None:
    killed = system.pid("sagemaker")
    os.kill(killed, signal.SIGKILL)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(killed).wait(10)
    done = system.command("status")
    assert done.returncode == 1
    assert "Last lines of sagemaker" in done.stdout
    before = processes.records(system.home)
    output = system.up()
    after = processes.records(system.home)
    assert "restarted, it had ended" in output
    assert [name for name in after if after[name].pid != before[name].pid] == ["sagemaker"]
    assert after["sagemaker"].port == before["sagemaker"].port


def test_failing_process_is_named(tmp_path: Path, other_ports: dict[str, str]) -> None:
    home = Home(tmp_path.resolve())
    home.data("identity").mkdir(parents=True)
    (home.data("identity") / "signing-key.pem").write_text("not a key")
    other = System(home, other_ports)
    try:
        done = other.command("up")
        assert done.returncode == 1
        assert "The identity issuer ended with status 1" in done.stderr
        assert "signing-key.pem holds no P-256 private key" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        other.client.close()
        other.command("down")
    assert _processes_of(home) == []


def test_taken_configured_port_starts_nothing(tmp_path: Path, other_ports: dict[str, str]) -> None:
    other = System(Home(tmp_path.resolve()), other_ports)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = other.command("up", VITRINE_LLM_PORT=str(port))
    other.client.close()
    assert done.returncode == 1
    assert f"Port {port}, which VITRINE_LLM_PORT asks for, is taken by" in done.stderr
    assert _processes_of(other.home) == []


@pytest.mark.parametrize("moment", ["…", "bootstrapping"])
def test_interrupted_up_stops_its_processes(tmp_path: Path, other_ports: dict[str, str], moment: str) -> None:
    home = Home(tmp_path.resolve())
    with subprocess.Popen(
        [sys.executable, "-m", "local", "up"],
        cwd=REPOSITORY,
        env={**os.environ, "VITRINE_HOME": str(home.root), **other_ports},
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stderr is not None
        for line in up.stderr:
            if moment in line:
                break
        up.send_signal(signal.SIGINT)
        rest = up.stderr.read()
        assert up.wait() == 130
    assert "Interrupted" in rest
    assert "Traceback" not in rest
    assert _processes_of(home) == []


def test_down_needs_no_records(tmp_path: Path, other_ports: dict[str, str]) -> None:
    home = Home(tmp_path.resolve())
    other = System(home, other_ports)
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "local", "up"],
            cwd=REPOSITORY,
            env={**os.environ, "VITRINE_HOME": str(home.root), **other_ports},
            stderr=subprocess.DEVNULL,
        ) as up:
            while len(_processes_of(home)) < 6:
                assert up.poll() is None
                time.sleep(0.1)
            up.kill()
        (home.state / "processes.json").unlink(missing_ok=True)
    finally:
        done = other.command("down")
        other.client.close()
    assert done.returncode == 0
    assert _processes_of(home) == []
