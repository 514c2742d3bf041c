"""Starts both endpoint modes on one emulator, with their fakes: for the drill and the async benchmark."""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.drill.deployment import Cloud, Deployment, Mode, create
from benchmarks.drill.drill_jobs import llm_answer
from benchmarks.drill.supervisor import Supervisor, has_used_cpu
from benchmarks.drill.time_scale import HOOKS_VISIBILITY_S, JOBS_VISIBILITY_S, WEBHOOK_VISIBILITY_S
from benchmarks.emulated_stores import free_ports, wait_ready
from local.fakes.postgres.project import SupabaseProject
from local.home import PYTHON
from local.supervisor import process_specs
from local.supervisor.configuration import emulator_env
from settings.environment import load_environment

MODES: tuple[Mode, ...] = ("async", "realtime")
# The mode whose service gets the database's webhooks: the default of an environment in AWS.
DATABASE_MODE: Mode = "async"
# TIME_BUDGET_S of the service; 10 is the least that it allows.
BUDGET_S, DRILL_BUDGET_S = 25, 10
# More than the services and functions take to import what they need.
START_CPU_S = 3.5
_HAS_WORKED = partial(has_used_cpu, START_CPU_S)
# As in the stacks.
VISIBILITY_S = 150
_PER_MODE = tuple(f"{part}-{mode}" for mode in MODES for part in ("service", "runtime"))
_PARTS = ("emulator", "model", "llm", "database", "edge", "hooks", *_PER_MODE)


@dataclass(frozen=True)
class Launched:
    """What runs: the emulator, a deployment per mode; for a drill also the Supabase project.

    `pending_urls` are the addresses at which each runtime counts what is still to come.
    """

    cloud: Cloud
    deployments: dict[Mode, Deployment]
    project: SupabaseProject | None
    hooks_url: str
    hooks_key: str
    pending_urls: tuple[str, ...]


def launch_both(supervisor: Supervisor, folder: Path, jobs: int, seed: int | None) -> Launched:
    """Start all processes for so many jobs.

    A seed adds faults, the drill's short times and a Supabase project; without one, no webhook is sent.
    """
    ports = dict(zip(_PARTS, free_ports(len(_PARTS)), strict=True))
    webhook_key, hooks_key = _signing_key(), _signing_key()
    answers = {digest: (number, said) for number in range(jobs) for digest, said in [llm_answer(number)]}
    (folder / "answers.json").write_text(json.dumps(answers))
    cloud = supervisor.emulator(ports["emulator"])
    cloud.store_secrets(webhook_key, hooks_key)
    _start_fakes(supervisor, folder, ports, seed)
    project = None if seed is None else _supabase(supervisor, folder, ports, webhook_key)
    visibility_s = (
        (VISIBILITY_S,) * 3 if seed is None else (JOBS_VISIBILITY_S, WEBHOOK_VISIBILITY_S, HOOKS_VISIBILITY_S)
    )
    deployments: dict[Mode, Deployment] = {}
    for mode in MODES:
        deployment = deployments[mode] = create(cloud, mode, ports[f"service-{mode}"], *visibility_s)
        runtime = ports[f"runtime-{mode}"]
        _runtime(supervisor, cloud, deployment, runtime, ports["model"], folder, seed)
        given = deployment.variables(
            cloud,
            runtime=runtime,
            llm=ports["llm"],
            edge=None if project is None else ports["edge"],
            budget_s=BUDGET_S if seed is None else DRILL_BUDGET_S,
        )
        _start_service_and_functions(supervisor, deployment, folder, given, seed)
        if project is not None and mode == DATABASE_MODE:
            _start_hooks(supervisor, folder, ports["hooks"], given, seed)
    return Launched(
        cloud,
        deployments,
        project,
        f"http://127.0.0.1:{ports['hooks']}/hooks/supabase",
        hooks_key,
        ()
        if seed is None
        else tuple(f"http://127.0.0.1:{ports[f'runtime-{mode}']}/pending" for mode in MODES),
    )


def _signing_key() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _module(name: str, *options: object) -> tuple[str, ...]:
    """Return the command that runs a Python module."""
    return (str(PYTHON), "-m", name, *map(str, options))


def _start_fakes(supervisor: Supervisor, folder: Path, ports: Mapping[str, int], seed: int | None) -> None:
    """Start the fake model and LLM, and wait until they answer."""
    for role in ("model", "llm"):
        process = supervisor.start_killable(role, _fake(role, folder, ports[role], seed), {})
        wait_ready(supervisor.home, role, f"http://127.0.0.1:{ports[role]}/", process)


def _supabase(
    supervisor: Supervisor, folder: Path, ports: Mapping[str, int], webhook_key: str
) -> SupabaseProject:
    """Start Postgres and the Edge Functions under Deno; Postgres is never killed, its data is in memory."""
    address = f"http://127.0.0.1:{ports['database']}"
    command = ("--port", ports["database"], "--data", folder / "postgres")
    supervisor.start_safe(
        "database", _module("local.fakes.postgres.project", *command), {}, f"{address}/healthz"
    )
    project = SupabaseProject.at(address)
    given = {
        **process_specs.DENO_ENV,
        "SUPABASE_DB_URL": project.url,
        "VITRINE_API_URL": f"http://127.0.0.1:{ports[f'service-{DATABASE_MODE}']}",
        "VITRINE_WEBHOOK_SECRET": webhook_key,
    }
    edge = ports["edge"]
    process = supervisor.start_killable("edge", lambda _: process_specs.edge_command(edge), given)
    wait_ready(supervisor.home, "edge", f"http://127.0.0.1:{edge}/healthz", process)
    return project


def _start_hooks(
    supervisor: Supervisor, folder: Path, port: int, given: Mapping[str, str], seed: int | None
) -> None:
    """Start the function that takes the database's webhooks, and the one that accepts their analyses."""
    app = supervisor.start_killable(
        "hooks-app", lambda _: _module("benchmarks.drill.hooks_app", "--port", port), given, _HAS_WORKED
    )
    supervisor.start_killable("hooks-worker", _worker("hooks", folder, seed), given, _HAS_WORKED)
    wait_ready(supervisor.home, "hooks-app", f"http://127.0.0.1:{port}/", app)


def _fake(role: str, folder: Path, port: int, seed: int | None) -> Callable[[int], tuple[str, ...]]:
    def command(generation: int) -> tuple[str, ...]:
        options = ("--port", port, "--folder", folder, *_seeded(seed, generation))
        return _module("benchmarks.drill.fakes", role, *options)

    return command


def _runtime(
    supervisor: Supervisor,
    cloud: Cloud,
    deployment: Deployment,
    port: int,
    model: int,
    folder: Path,
    seed: int | None,
) -> None:
    """Start one mode's fake SageMaker runtime, which is never killed: its queue is SageMaker's, not ours."""
    environment = load_environment("local")
    served = ("--endpoint", environment.model.endpoint_name, f"http://127.0.0.1:{model}")
    options = (
        ("--asynchronous", deployment.async_io, *deployment.topics) if deployment.mode == "async" else ()
    )
    module = "local.fakes.sagemaker.runtime"
    faults: tuple[str, ...] = ()
    if seed is not None:
        module, faults = "benchmarks.drill.runtime", ("--folder", str(folder), *_seeded(seed, 0))
    supervisor.start_safe(
        f"runtime-{deployment.mode}",
        _module(module, "--port", port, *served, *options, *faults),
        emulator_env(cloud.port, environment.region),
        f"http://127.0.0.1:{port}/healthz",
    )


def _start_service_and_functions(
    supervisor: Supervisor, deployment: Deployment, folder: Path, given: Mapping[str, str], seed: int | None
) -> None:
    """Start service and functions of one mode; a seed adds faults and the drill's short times."""
    service = "services.analyze" if seed is None else "benchmarks.drill.service"
    url = f"http://127.0.0.1:{deployment.service_port}/healthz"
    name = f"service-{deployment.mode}"
    process = supervisor.start_killable(
        name, lambda _: _module(service, "--port", deployment.service_port), given, _HAS_WORKED
    )
    for role in ("jobs", "outbox"):
        supervisor.start_killable(
            f"{role}-{deployment.mode}", _worker(role, folder, seed), given, _HAS_WORKED
        )
    wait_ready(supervisor.home, name, url, process)


def _worker(role: str, folder: Path, seed: int | None) -> Callable[[int], tuple[str, ...]]:
    def command(generation: int) -> tuple[str, ...]:
        return _module("benchmarks.drill.worker", role, "--folder", folder, *_seeded(seed, generation))

    return command


def _seeded(seed: int | None, generation: int) -> tuple[str, ...]:
    return () if seed is None else ("--seed", f"{seed}.{generation}")
