"""Waiting for a process: as long as it lives and makes progress, and not longer."""

import asyncio
import http.server
import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from cli.errors import UserError
from cli.progress import Steps
from local.home import Home
from local.supervisor import readiness
from local.supervisor.process_specs import ProcessSpec
from local.supervisor.readiness import Progress


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    return home


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def running(code: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def wait(home: Home, process: subprocess.Popen[bytes], port: int, out: io.StringIO | None = None) -> None:
    spec = ProcessSpec("llm", "local language model", port, (), {}, ())
    with Steps(Console(file=out or io.StringIO(), soft_wrap=True)) as steps:
        steps.begin("llm", "local language model")
        asyncio.run(readiness.wait_until_ready(home, spec, process, steps))


def test_port_taken_during_the_start_is_reported(taken: int, home: Home) -> None:
    with running("raise SystemExit(1)") as process:
        process.wait()
        with pytest.raises(UserError, match=rf"ended with status 1 .* listens on its port {taken}") as raised:
            wait(home, process, taken)
    assert raised.value.hint.startswith("Run the command again: llm gets another port.")


def test_idle_process_is_given_up(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "QUIET_S", 0.5)
    with running("import time; time.sleep(60)") as process:
        (home.log("llm")).write_text("waiting for a lock\n")
        with pytest.raises(UserError, match=r"done nothing for .* no answer on port") as raised:
            wait(home, process, 1)
    assert raised.value.details == ["waiting for a lock"]


MOVING = {
    "cpu": "while True: pass",
    "log": "import time\nwhile True: print(1, file=open(LOG, 'a')); time.sleep(.05)",
    "child": "import subprocess, sys; subprocess.run([sys.executable, '-c', "
    "'import os; up = os.getppid()\\nwhile os.getppid() == up: pass'])",
    "reading": "import time\nwhile True: open('/dev/zero', 'rb').read(500_000); time.sleep(.05)",
}


@pytest.mark.parametrize("kind", MOVING)
def test_progress_of_any_kind_counts(home: Home, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(readiness, "_CPU_S", 0.05 if kind in ("cpu", "child") else 1e9)
    monkeypatch.setattr(readiness, "_IO_BYTES", 1_000_000 if kind == "reading" else 1e18)
    clock = Clock()
    with running(MOVING[kind].replace("LOG", repr(str(home.log("llm"))))) as process:
        progress = Progress(process.pid, home.log("llm"), clock)
        for second in range(600):
            clock.now = second
            if second > 60 and progress.quiet_s() == 0:
                break
            time.sleep(0.02)
        else:
            pytest.fail("nothing moved")


def test_user_sees_what_is_awaited(home: Home) -> None:
    home.log("model").write_text("loading\nINFO model importing torch\n")
    out = io.StringIO()
    with Steps(Console(file=out, soft_wrap=True)) as steps:
        steps.begin("model", "BLIP-2 model server")
        steps._tasks["model"].start_time = time.monotonic() - 11
        steps.remind("model", Progress(os.getpid(), home.log("model")).said())
    assert out.getvalue().splitlines()[-1].endswith("11 s so far: INFO model importing torch")


def test_requests_alone_are_no_progress(home: Home) -> None:
    clock = Clock()
    with running("input()") as process:
        progress = Progress(process.pid, home.log("llm"), clock)
        clock.now = 59
        assert progress.quiet_s() == 59


def test_ended_process_is_quiet(home: Home) -> None:
    clock = Clock()
    with running("pass") as process:
        progress = Progress(process.pid, home.log("llm"), clock)
        process.wait()
        clock.now = 5
        assert progress.quiet_s() == 5


@contextmanager
def gateway(statuses: list[int]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def ask(url: str, home: Home) -> None:
    with Steps(Console(file=io.StringIO())) as steps:
        emulator = Progress(os.getpid(), home.log("emulator"))
        asyncio.run(readiness.wait_for_gateway(url, emulator, steps))


def test_slow_authorizer_is_asked_again(home: Home) -> None:
    with gateway([503, 403]) as url:
        ask(url, home)


def test_open_gateway_is_an_error(home: Home) -> None:
    with gateway([200]) as url, pytest.raises(UserError, match="The gateway answers 200 "):
        ask(url, home)
