"""The service as its own process, over an emulator's stores and a model that a test can delay."""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from benchmarks.emulated_stores import free_ports, wait_ready
from local.home import REPOSITORY, Home
from local.supervisor.configuration import base_env
from tests.services.analyze.conftest import observation


@dataclass
class Model:
    """A model endpoint that a test can delay; the same address answers 503 for the LLM."""

    port: int = 0
    open: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    # Sends byte after byte without an end, so that no read times out.
    drips: bool = False

    @contextmanager
    def serving(self) -> Iterator["Model"]:
        """Answer on a port of its own, in the block."""
        with ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) as server:
            server.daemon_threads = True
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self.open.set()
                server.shutdown()
                thread.join()


def _handler(model: Model) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            if not self.path.endswith("/invocations"):
                self.send_error(503)
                return
            model.entered.set()
            if model.drips:
                self._drip()
                return
            model.open.wait(60)
            answer = json.dumps(observation(len(json.loads(asked)["photos"]))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _drip(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            try:
                while not model.open.wait(0.5):
                    self.wfile.write(b" ")
            except OSError:
                pass  # the service is gone
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


@dataclass(frozen=True)
class Running:
    """A service that answers: its port, what was started, and the id of the service's own process."""

    port: int
    started: subprocess.Popen[bytes]
    pid: int


@contextmanager
def service(given: Mapping[str, str], *options: str, under: tuple[str, ...] = ()) -> Iterator[Running]:
    """`python -m services.analyze` with these variables and options, in the block; `under` runs it."""
    (port,) = free_ports(1)
    command = (*under, sys.executable, "-m", "services.analyze", "--port", str(port), *options)
    with tempfile.TemporaryDirectory(prefix="vitrine-service-") as folder:
        home = Home(Path(folder))
        home.create()
        with home.log("service").open("wb") as log:
            started = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env={**base_env(), **given},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_ready(home, "service", f"http://127.0.0.1:{port}/healthz", started)
            below = psutil.Process(started.pid).children(recursive=True)
            yield Running(port, started, below[0].pid if under else started.pid)
        finally:
            started.kill()
            started.wait()


def eventually(true: Callable[[], bool], within_s: float = 30.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + within_s
    while not (now := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return now
