"""Both services and what they lean on, as processes of this run on ports of their own."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import httpx2

from local.demo.users import sign_in
from local.home import PYTHON, Home, tail
from local.supervisor import process_specs, processes
from local.supervisor.configuration import base_env
from settings.environment import load_environment
from settings.service_env import analyze_variables
from tests.reports_table import TABLE, declaration

BUCKET = "images"
PATIENCE_S = 60.0
# As long as the service does: a client is idle while it is the other's turn.
KEPT_OPEN = ("--timeout-keep-alive", "75")


@dataclass(frozen=True)
class Service:
    """A service to measure: its port, and its process."""

    name: str
    port: int
    pid: int


@dataclass(frozen=True)
class Scene:
    """The two services, the port of what stands in for model and LLM, and the issuer's address."""

    ours: Service
    plain: Service
    standins: int
    issuer: str

    def token(self, user: str) -> str:
        """Return an access token of a demo user."""
        return sign_in(self.issuer, "bench", user)


@contextmanager
def opened(folder: Path) -> Iterator[Scene]:
    """Start everything with its data in `folder`; end it all when the block ends, however it does.

    Raises SystemExit with the last lines of its log when a process does not get ready.
    """
    home = Home(folder)
    home.create()
    try:
        yield _start(home)
    finally:
        processes.stop(home)


def _start(home: Home) -> Scene:
    environment = load_environment("local")
    ports = dict(
        zip((*process_specs.HEALTH, "plain"), free_ports(len(process_specs.HEALTH) + 1), strict=True)
    )
    background = {
        part.name: part
        for part in process_specs.background(home, ports, environment.region, environment.model.endpoint_name)
    }
    issuer = f"http://127.0.0.1:{ports['identity']}"
    for name in ("emulator", "identity"):
        part = background[name]
        if part.scratch:
            part.scratch.mkdir(parents=True)
        ready(home, name, part.health_url, _launch(home, name, part.command, part.environment))
    queue_url = create_stores(ports["emulator"], environment.region)
    settings = {
        **analyze_variables(
            environment,
            reports_table=TABLE,
            image_bucket=BUCKET,
            image_key_id=None,
            jobs_queue_url=queue_url,
        ),
        "SUPABASE_URL": issuer,
        "LLM_BASE_URL": f"http://127.0.0.1:{ports['sagemaker']}/v1",
        "OPENAI_API_KEY": "bench",
        "QUOTA_PER_DAY": "1000000",
    }
    ours = process_specs.service(ports, environment.region, settings)
    _uvicorn(home, "standins", ports["sagemaker"], {})
    plain = _uvicorn(home, "plain", ports["plain"], ours.environment)
    service = _launch(home, "service", ours.command, ours.environment)
    ready(home, "service", ours.health_url, service)
    return Scene(
        Service("ours", ours.port, service.pid),
        Service("plain", ports["plain"], plain.pid),
        ports["sagemaker"],
        issuer,
    )


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def _uvicorn(home: Home, module: str, port: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = (str(PYTHON), "-m", "uvicorn", f"benchmarks.{module}:app", "--port", str(port))
    process = _launch(home, module, (*command, "--log-level", "warning", *KEPT_OPEN), environment)
    ready(home, module, f"http://127.0.0.1:{port}/healthz", process)
    return process


def _launch(
    home: Home, name: str, command: tuple[str, ...], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    return processes.start(home, name, command, {**base_env(), **environment}, home.log(name))


def ready(home: Home, name: str, url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until `url` answers 200; raise SystemExit with the log's last lines when it does not."""
    deadline = time.monotonic() + PATIENCE_S
    said = "nothing"
    with httpx2.Client(trust_env=False, timeout=5) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                answer = client.get(url)
            except httpx2.TransportError as error:
                said = type(error).__name__
            else:
                if answer.status_code == 200:
                    return
                said = f"{answer.status_code} {answer.text[:200]}"
            time.sleep(0.1)
    raise SystemExit("\n".join([f"{name} does not get ready ({said}):", *tail(home.log(name))]))


def create_stores(port: int, region: str) -> str:
    """Make table, bucket and jobs queue in the emulator on `port`; the queue's URL."""
    session = boto3.Session("vitrine-local", "vitrine-local", region_name=region)
    endpoint = f"http://127.0.0.1:{port}"
    session.client("s3", endpoint_url=endpoint).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"}
    )
    session.client("dynamodb", endpoint_url=endpoint).create_table(**declaration())
    return session.client("sqs", endpoint_url=endpoint).create_queue(QueueName="jobs")["QueueUrl"]
