"""The analyze service, and those it is measured beside, as processes on free ports."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import jwt

from benchmarks.emulated_stores import BUCKET, TABLE, create_stores, free_ports, wait_ready
from benchmarks.peers.environments import PEERS, NotInstalled, Peer, python_of
from benchmarks.process_tree import on_cores, split_cores
from catalogue import DRAWN, load
from local.demo.command import sign_in
from local.home import PYTHON, Home
from local.supervisor import process_specs, processes
from local.supervisor.configuration import base_env, emulator_env
from services.core.auth.users import SIGNED_IN
from services.core.vision.endpoint import request_body
from settings.environment import Environment, load_environment
from settings.service_env import analyze_variables, log_variables

# The service's own keep-alive: each client is idle while the other service is measured.
KEEP_ALIVE = ("--timeout-keep-alive", "75")
SECRET = "a secret that is shared with the issuer"
PROJECT = "https://project.supabase.invalid"


@dataclass(frozen=True)
class Service:
    """A service to measure: its port and the id of its first process."""

    name: str
    port: int
    pid: int


@dataclass(frozen=True)
class Bench:
    """The services to measure by name, what they need by name, and the peers that cannot be installed.

    `others` are the fake model and LLM ("fakes"), the stores ("emulator") and the issuer of tokens.
    """

    services: Mapping[str, Service]
    others: Mapping[str, Service]
    missing: Mapping[str, str]
    issuer: str

    def token(self, user: str) -> str:
        """Return an access token of a demo user."""
        return sign_in(self.issuer, "bench", user)


@contextmanager
def running_bench(folder: Path) -> Iterator[Bench]:
    """Run all services and their dependencies, with their data in `folder`, until the block ends.

    Each service has one core to itself while it is measured, as a task of one vCPU; everything else has the
    others. Raises SystemExit with the last lines of a process's log when it does not get ready.
    """
    home = Home(folder)
    home.create()
    try:
        yield _start(home)
    finally:
        processes.stop(home)


def _start(home: Home) -> Bench:
    environment = load_environment("local").model_copy(update={"reuse_answers": False})
    server_core, other_cores = split_cores()
    with on_cores(other_cores):
        backends = start_backends(home, environment, ("plain", *PEERS))
    ports = backends.ports
    spec = backends.service_spec(environment)
    services, missing = {}, {}
    with on_cores(server_core):
        services["ours"] = start_service(home, spec, name="ours")
        services["plain"] = start_app(home, "plain_service", ports["plain"], spec.environment, name="plain")
        for name, peer in PEERS.items():
            try:
                services[name] = _start_peer(home, name, peer, ports[name], _model(ports, environment))
            except NotInstalled as error:
                missing[name] = str(error)
    return Bench(services, backends.others, missing, backends.issuer)


@dataclass(frozen=True)
class Backends:
    """What the service needs, as processes: the ports by name, the processes by name, and the jobs queue."""

    ports: Mapping[str, int]
    others: Mapping[str, Service]
    queue_url: str

    @property
    def issuer(self) -> str:
        """The address of the issuer of tokens."""
        return f"http://127.0.0.1:{self.ports['identity']}"

    def service_spec(self, environment: Environment) -> process_specs.ProcessSpec:
        """Return how the service is started over them, without a quota that a client could reach."""
        settings = {
            **analyze_variables(
                environment,
                reports_table=TABLE,
                image_bucket=BUCKET,
                image_key_id=None,
                jobs_queue_url=self.queue_url,
            ),
            **log_variables(environment, "bench"),
            "SUPABASE_URL": self.issuer,
            "LLM_BASE_URL": f"http://127.0.0.1:{self.ports['sagemaker']}/v1",
            "OPENAI_API_KEY": "none",
            "QUOTA_PER_DAY": "1000000",
        }
        return process_specs.service(self.ports, environment.region, settings)


def start_backends(home: Home, environment: Environment, further: Sequence[str] = ()) -> Backends:
    """Start the stores, the issuer, the fake model and the fake LLM; `further` names get ports too."""
    names = (*process_specs.PROCESSES, *further)
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    background = process_specs.background(home, ports, environment)
    specs = {spec.name: spec for spec in background}
    others = {}
    for name in ("emulator", "identity"):
        if scratch := specs[name].scratch:
            scratch.mkdir(parents=True)
        others[name] = start_service(home, specs[name])
    others["fakes"] = start_app(home, "fakes", ports["sagemaker"], {})
    return Backends(ports, others, create_stores(ports["emulator"], environment.region))


def start_service(home: Home, spec: process_specs.ProcessSpec, name: str | None = None) -> Service:
    """Start a process of the local system; return it once it is ready."""
    process = _launch(home, spec.name, spec.command, spec.environment)
    wait_ready(home, spec.name, spec.health_url, process)
    return Service(name or spec.name, spec.port, process.pid)


def _model(ports: Mapping[str, int], environment: Environment) -> dict[str, str]:
    # What our service asks the model, without the photos.
    asked = json.loads(request_body([], load(DRAWN), environment.catalogue.wear_tiles))
    path = f"/endpoints/{environment.model.endpoint_name}/invocations"
    return {
        "MODEL_URL": f"http://127.0.0.1:{ports['sagemaker']}{path}",
        "MODEL_REQUEST": json.dumps(asked),
    }


def _start_peer(home: Home, name: str, peer: Peer, port: int, environment: Mapping[str, str]) -> Service:
    python = python_of(peer.folder)
    process = _launch(home, name, peer.command(python, port), {**environment, **peer.environment})
    wait_ready(home, name, f"http://127.0.0.1:{port}{peer.health_path}", process)
    return Service(name, port, process.pid)


def start_app(
    home: Home, module: str, port: int, environment: Mapping[str, str], name: str | None = None
) -> Service:
    """Serve `app` of one of this package's modules on `port`; return it once it answers."""
    command = (str(PYTHON), "-m", "uvicorn", f"benchmarks.{module}:app", "--port", str(port))
    process = _launch(home, module, (*command, "--log-level", "warning", *KEEP_ALIVE), environment)
    wait_ready(home, module, f"http://127.0.0.1:{port}/healthz", process)
    return Service(name or module, port, process.pid)


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
        **log_variables(environment, "bench"),
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
