"""Both endpoint modes over one emulator, with everything that they lean on: for the drill and its bench."""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.drill.drill_jobs import worded
from benchmarks.drill.fleet import Fleet
from benchmarks.drill.time_scale import JOBS_VISIBILITY_S, WEBHOOK_VISIBILITY_S
from benchmarks.drill.world import Cloud, Mode, World, create
from benchmarks.scene import free_ports, ready
from local.home import PYTHON
from local.supervisor.configuration import emulator_env
from settings.environment import load_environment

MODES: tuple[Mode, ...] = ("async", "realtime")
# The service's own bounds, 10 to 25 s.
BUDGET_S, HURRIED_BUDGET_S = 25, 10
# As the stacks have them.
VISIBILITY_S = 150
_OF_EACH = tuple(f"{part}-{mode}" for mode in MODES for part in ("service", "runtime"))
_PARTS = ("emulator", "model", "llm", "receiver", *_OF_EACH)


def opened(fleet: Fleet, folder: Path, goods: int, seed: int | None) -> tuple[Cloud, dict[Mode, World]]:
    """Start all that can word so many goods; with a seed in a hurry and with faults, without as it is."""
    ports = dict(zip(_PARTS, free_ports(len(_PARTS)), strict=True))
    key = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    (folder / "webhook.key").write_text(key)
    answers = {
        question: (number, text.model_dump())
        for number in range(goods)
        for question, text in [worded(number)]
    }
    (folder / "words.json").write_text(json.dumps(answers))
    cloud = fleet.emulator(ports["emulator"])
    cloud.keep_secret(key)
    _standins(fleet, folder, ports, seed)
    visible = (VISIBILITY_S, VISIBILITY_S) if seed is None else (JOBS_VISIBILITY_S, WEBHOOK_VISIBILITY_S)
    worlds = {}
    for mode in MODES:
        world = worlds[mode] = create(cloud, mode, ports[f"service-{mode}"], *visible)
        runtime = ports[f"runtime-{mode}"]
        _runtime(fleet, cloud, world, runtime, ports["model"])
        given = world.variables(
            cloud,
            runtime=runtime,
            llm=ports["llm"],
            receiver=ports["receiver"],
            budget_s=BUDGET_S if seed is None else HURRIED_BUDGET_S,
        )
        _workers(fleet, world, folder, given, seed)
    return cloud, worlds


def _module(name: str, *options: object) -> tuple[str, ...]:
    """The command that runs one of Python's modules."""
    return (str(PYTHON), "-m", name, *map(str, options))


def _standins(fleet: Fleet, folder: Path, ports: Mapping[str, int], seed: int | None) -> None:
    """Start model, LLM and receiver, and wait until they answer."""
    for role in ("model", "llm", "receiver"):
        process = fleet.add(role, _standin(role, folder, ports[role], seed), {})
        ready(fleet.home, role, f"http://127.0.0.1:{ports[role]}/", process)


def _standin(role: str, folder: Path, port: int, seed: int | None) -> Callable[[int], tuple[str, ...]]:
    def command(generation: int) -> tuple[str, ...]:
        given = ("--port", port, "--folder", folder, *_seeded(seed, generation))
        return _module("benchmarks.drill.fakes", role, *given)

    return command


def _runtime(fleet: Fleet, cloud: Cloud, world: World, port: int, model: int) -> None:
    """Start the SageMaker runtime of one mode; SageMaker's own queue is not ours to lose, so it is kept."""
    environment = load_environment("local")
    served = f"{environment.model.endpoint_name}=http://127.0.0.1:{model}"
    options = ("--asynchronous", world.async_io, *world.topics) if world.mode == "async" else ()
    fleet.keep(
        f"runtime-{world.mode}",
        _module("local.fakes.sagemaker", "--port", port, "--endpoint", served, *options),
        emulator_env(cloud.port, environment.region),
        f"http://127.0.0.1:{port}/healthz",
    )


def _workers(fleet: Fleet, world: World, folder: Path, given: Mapping[str, str], seed: int | None) -> None:
    """Start service and functions of one mode; with a seed in a hurry and with faults."""
    service = "services.analyze" if seed is None else "benchmarks.drill.service"
    url = f"http://127.0.0.1:{world.service}/healthz"
    name = f"service-{world.mode}"
    process = fleet.add(name, lambda _: _module(service, "--port", world.service), given)
    for role in ("jobs", "outbox"):
        fleet.add(f"{role}-{world.mode}", _worker(role, folder, seed), given)
    ready(fleet.home, name, url, process)


def _worker(role: str, folder: Path, seed: int | None) -> Callable[[int], tuple[str, ...]]:
    def command(generation: int) -> tuple[str, ...]:
        return _module("benchmarks.drill.worker", role, "--folder", folder, *_seeded(seed, generation))

    return command


def _seeded(seed: int | None, generation: int) -> tuple[str, ...]:
    return () if seed is None else ("--seed", f"{seed}.{generation}")
