"""The analyze service, and a plain one to compare it with, as processes on free ports."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import jwt

from benchmarks.emulated_stores import BUCKET, TABLE, create_stores, free_ports, wait_ready
from local.demo.command import sign_in
from local.home import PYTHON, Home
from local.supervisor import process_specs, processes
from local.supervisor.configuration import base_env, emulator_env
from services.core.auth.users import SIGNED_IN
from settings.environment import load_environment
from settings.service_env import analyze_variables

# The service's own keep-alive: each client is idle while the other service is measured.
KEEP_ALIVE = ("--timeout-keep-alive", "75")
SECRET = "a secret that is shared with the issuer"
PROJECT = "https://project.supabase.invalid"


@dataclass(frozen=True)
class Service:
    """A service to measure: its port and the id of its process."""

    name: str
    port: int
    pid: int


@dataclass(frozen=True)
class ServicePair:
    """Both services, the port of the fake model and LLM, and the address of the token issuer."""

    ours: Service
    plain: Service
    fakes_port: int
    issuer: str

    def token(self, user: str) -> str:
        """Return an access token of a demo user."""
        return sign_in(self.issuer, "bench", user)


@contextmanager
def service_pair(folder: Path) -> Iterator[ServicePair]:
    """Run both services and their dependencies, with their data in `folder`, until the block ends.

    Raises SystemExit with the last lines of a process's log when it does not get ready.
    """
    home = Home(folder)
    home.create()
    try:
        yield _start_pair(home)
    finally:
        processes.stop(home)


def _start_pair(home: Home) -> ServicePair:
    environment = load_environment("local")
    ports = dict(
        zip((*process_specs.PROCESSES, "plain"), free_ports(len(process_specs.PROCESSES) + 1), strict=True)
    )
    background = {
        spec.name: spec
        for spec in process_specs.background(home, ports, environment.region, environment.model.endpoint_name)
    }
    issuer = f"http://127.0.0.1:{ports['identity']}"
    for name in ("emulator", "identity"):
        spec = background[name]
        if spec.scratch:
            spec.scratch.mkdir(parents=True)
        wait_ready(home, name, spec.health_url, _launch(home, name, spec.command, spec.environment))
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
    start_app(home, "fakes", ports["sagemaker"], {})
    plain = start_app(home, "plain_service", ports["plain"], ours.environment)
    service = _launch(home, "service", ours.command, ours.environment)
    wait_ready(home, "service", ours.health_url, service)
    return ServicePair(
        Service("ours", ours.port, service.pid),
        Service("plain", ports["plain"], plain.pid),
        ports["sagemaker"],
        issuer,
    )


def start_app(home: Home, module: str, port: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Serve `app` of one of this package's modules on `port`; return its process once it answers."""
    command = (str(PYTHON), "-m", "uvicorn", f"benchmarks.{module}:app", "--port", str(port))
    process = _launch(home, module, (*command, "--log-level", "warning", *KEEP_ALIVE), environment)
    wait_ready(home, module, f"http://127.0.0.1:{port}/healthz", process)
    return process


def _launch(
    home: Home, name: str, command: tuple[str, ...], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    return processes.start(home, name, command, {**base_env(), **environment}, home.log(name))


def service_variables(stores_port: int, model_port: int) -> dict[str, str]:
    """Return the service's environment variables; model and LLM answer on `model_port`."""
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
        **emulator_env(stores_port, environment.region),
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": model_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SUPABASE_URL": PROJECT,
        "SUPABASE_ISSUER": f"{PROJECT}/auth/v1",
        "SUPABASE_LEGACY_SECRET": SECRET,
        "LLM_BASE_URL": f"{model_url}/v1",
        "OPENAI_API_KEY": "none",
    }


def user_id(name: str) -> str:
    """Return the id of a user: always the same for a name."""
    return str(uuid5(NAMESPACE_URL, f"mailto:{name}"))


def access_token(user: str) -> str:
    """Return an access token of a user by name, valid for an hour, as `service_variables` accept it."""
    now = datetime.now(UTC)
    claims = {"sub": user_id(user), "iss": f"{PROJECT}/auth/v1"} | dict.fromkeys(("aud", "role"), SIGNED_IN)
    return jwt.encode({**claims, "iat": now, "exp": now + timedelta(hours=1)}, SECRET, "HS256")
