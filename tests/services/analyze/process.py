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
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import psutil

from benchmarks.scene import BUCKET, create_stores, free_ports, ready
from local.home import REPOSITORY, Home
from local.supervisor import process_specs, processes, variables
from settings.environment import load_environment
from settings.service_env import analyze_variables
from tests.reports_table import TABLE
from tests.services.analyze.conftest import observation

SECRET = "a secret that is shared with the issuer"
PROJECT = "https://project.supabase.invalid"


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
            model.open.wait(30)
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


@contextmanager
def stores() -> Iterator[int]:
    """The port of an AWS emulator that holds the table and the bucket, in the block."""
    with tempfile.TemporaryDirectory(prefix="vitrine-stores-") as folder:
        home = Home(Path(folder))
        home.create()
        (port,) = free_ports(1)
        region = load_environment("local").region
        part = process_specs.emulator(home, port, region, port)
        if part.scratch:
            part.scratch.mkdir(parents=True)
        environment = {**variables.base(), **part.environment}
        with processes.start(home, part.name, part.command, environment, home.log(part.name)) as process:
            try:
                ready(home, part.name, part.health_url, process)
                create_stores(port, region)
                yield port
            finally:
                process.terminate()


def settings(stores_port: int, model_port: int) -> dict[str, str]:
    """The variables of a service over these stores and this model."""
    environment = load_environment("local")
    model_url = f"http://127.0.0.1:{model_port}"
    return {
        **analyze_variables(
            environment,
            reports_table=TABLE,
            image_bucket=BUCKET,
            image_key_id=None,
            jobs_queue_url=f"http://127.0.0.1:{stores_port}/000000000000/jobs",
        ),
        **variables.aws(stores_port, environment.region),
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": model_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SUPABASE_URL": PROJECT,
        "SUPABASE_ISSUER": f"{PROJECT}/auth/v1",
        "SUPABASE_LEGACY_SECRET": SECRET,
        "LLM_BASE_URL": f"{model_url}/v1",
        "OPENAI_API_KEY": "none",
    }


def token(user: str) -> str:
    """An access token that `settings` makes the service accept."""
    now = datetime.now(UTC)
    claims = {"sub": user, "iss": f"{PROJECT}/auth/v1", "aud": "authenticated"}
    return jwt.encode({**claims, "iat": now, "exp": now + timedelta(hours=1)}, SECRET, "HS256")


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
                env={**variables.base(), **given},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            ready(home, "service", f"http://127.0.0.1:{port}/healthz", started)
            below = psutil.Process(started.pid).children(recursive=True)
            yield Running(port, started, below[-1].pid if under else started.pid)
        finally:
            started.kill()
            started.wait()


def eventually(true: Callable[[], bool], within_s: float = 5.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + within_s
    while not (now := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return now
