"""Starts both endpoint modes on one emulator, with their fakes: for the drill and the async benchmark."""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.drill.deployment import Cloud, Deployment, Mode, create
from benchmarks.drill.drill_jobs import llm_answer
from benchmarks.drill.supervisor import Supervisor
from benchmarks.drill.time_scale import JOBS_VISIBILITY_S, WEBHOOK_VISIBILITY_S
from benchmarks.emulated_stores import free_ports, wait_ready
from local.home import PYTHON
from local.supervisor.configuration import emulator_env
from settings.environment import load_environment

MODES: tuple[Mode, ...] = ("async", "realtime")
# TIME_BUDGET_S of the service; 10 is the least that it allows.
BUDGET_S, DRILL_BUDGET_S = 25, 10
# As in the stacks.
VISIBILITY_S = 150
_PER_MODE = tuple(f"{part}-{mode}" for mode in MODES for part in ("service", "runtime"))
_PARTS = ("emulator", "model", "llm", "receiver", *_PER_MODE)


def launch_both(
    supervisor: Supervisor, folder: Path, jobs: int, seed: int | None
) -> tuple[Cloud, dict[Mode, Deployment]]:
    """Start all processes for so many jobs; a seed adds faults and the drill's short times."""
    ports = dict(zip(_PARTS, free_ports(len(_PARTS)), strict=True))
    key = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    (folder / "webhook.key").write_text(key)
    texts = {
        digest: (number, text.model_dump()) for number in range(jobs) for digest, text in [llm_answer(number)]
    }
    (folder / "texts.json").write_text(json.dumps(texts))
    cloud = supervisor.emulator(ports["emulator"])
    cloud.store_secret(key)
    _start_fakes(supervisor, folder, ports, seed)
    visibility_s = (VISIBILITY_S, VISIBILITY_S) if seed is None else (JOBS_VISIBILITY_S, WEBHOOK_VISIBILITY_S)
    deployments: dict[Mode, Deployment] = {}
    for mode in MODES:
        deployment = deployments[mode] = create(cloud, mode, ports[f"service-{mode}"], *visibility_s)
        runtime = ports[f"runtime-{mode}"]
        _runtime(supervisor, cloud, deployment, runtime, ports["model"])
        given = deployment.variables(
            cloud,
            runtime=runtime,
            llm=ports["llm"],
            receiver=ports["receiver"],
            budget_s=BUDGET_S if seed is None else DRILL_BUDGET_S,
        )
        _start_service_and_functions(supervisor, deployment, folder, given, seed)
    return cloud, deployments


def _module(name: str, *options: object) -> tuple[str, ...]:
    """Return the command that runs a Python module."""
    return (str(PYTHON), "-m", name, *map(str, options))


def _start_fakes(supervisor: Supervisor, folder: Path, ports: Mapping[str, int], seed: int | None) -> None:
    """Start the fake model, LLM and webhook receiver, and wait until they answer."""
    for role in ("model", "llm", "receiver"):
        process = supervisor.start_killable(role, _fake(role, folder, ports[role], seed), {})
        wait_ready(supervisor.home, role, f"http://127.0.0.1:{ports[role]}/", process)


def _fake(role: str, folder: Path, port: int, seed: int | None) -> Callable[[int], tuple[str, ...]]:
    def command(generation: int) -> tuple[str, ...]:
        options = ("--port", port, "--folder", folder, *_seeded(seed, generation))
        return _module("benchmarks.drill.fakes", role, *options)

    return command


def _runtime(supervisor: Supervisor, cloud: Cloud, deployment: Deployment, port: int, model: int) -> None:
    """Start one mode's fake SageMaker runtime, which is never killed: its queue is SageMaker's, not ours."""
    environment = load_environment("local")
    served = ("--endpoint", environment.model.endpoint_name, f"http://127.0.0.1:{model}")
    options = (
        ("--asynchronous", deployment.async_io, *deployment.topics) if deployment.mode == "async" else ()
    )
    supervisor.start_safe(
        f"runtime-{deployment.mode}",
        _module("local.fakes.sagemaker.runtime", "--port", port, *served, *options),
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
        name, lambda _: _module(service, "--port", deployment.service_port), given
    )
    for role in ("jobs", "outbox"):
        supervisor.start_killable(f"{role}-{deployment.mode}", _worker(role, folder, seed), given)
    wait_ready(supervisor.home, name, url, process)


def _worker(role: str, folder: Path, seed: int | None) -> Callable[[int], tuple[str, ...]]:
    def command(generation: int) -> tuple[str, ...]:
        return _module("benchmarks.drill.worker", role, "--folder", folder, *_seeded(seed, generation))

    return command


def _seeded(seed: int | None, generation: int) -> tuple[str, ...]:
    return () if seed is None else ("--seed", f"{seed}.{generation}")
