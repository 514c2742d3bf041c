"""The processes of a drill: started, killed without a warning, started again."""

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local import parts, processes, variables
from local.home import PYTHON, Home
from stacks.environment import load_environment
from tests.bench.scene import ready
from tests.drill.world import Cloud, Mode, World


@dataclass(frozen=True)
class Kill:
    """A process that was killed, and when (s since 1970)."""

    name: str
    generation: int
    at: float

    @property
    def caller(self) -> str:
        """The name by which the LLM knew it."""
        return f"{self.name}.{self.generation}"


@dataclass
class _Member:
    command: Callable[[int], tuple[str, ...]]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    generation: int = 0
    away: bool = False


@dataclass
class Fleet:
    """All processes of one home. What `add` started may be killed."""

    home: Home
    kills: list[Kill] = field(default_factory=list)
    _members: dict[str, _Member] = field(default_factory=dict)

    def emulator(self, port: int) -> Cloud:
        """Start the emulator, which holds all in memory and so is never killed."""
        part = parts.emulator(self.home, port, load_environment("local").region, port)
        if part.scratch:
            part.scratch.mkdir(parents=True)
        self.keep(part.name, part.command, part.environment, part.health_url)
        return Cloud(port)

    def keep(
        self, name: str, command: tuple[str, ...], environment: Mapping[str, str], health_url: str
    ) -> None:
        """Start what is never killed, and wait until it answers."""
        ready(self.home, name, health_url, self._start(name, 0, command, environment))

    def add(
        self, name: str, command: Callable[[int], tuple[str, ...]], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start what may be killed; `command` makes its arguments, by how often it was started before."""
        process = self._start(name, 0, command(0), environment)
        self._members[name] = _Member(command, environment, process)
        return process

    @property
    def names(self) -> list[str]:
        """Those that may be killed."""
        return sorted(self._members)

    def kill(self, name: str) -> None:
        """End a process by SIGKILL, whatever it is doing."""
        member = self._members[name]
        member.away = True
        member.process.kill()
        member.process.wait()
        self.kills.append(Kill(name, member.generation, time.time()))

    def revive(self, name: str) -> None:
        """Start it again, as its next generation."""
        member = self._members[name]
        member.generation, member.away = member.generation + 1, False
        command = member.command(member.generation)
        member.process = self._start(name, member.generation, command, member.environment)

    def fallen(self) -> list[str]:
        """Those that ended by themselves: a fault of the drill, or of what it drills."""
        return [
            name
            for name, member in self._members.items()
            if not member.away and member.process.poll() is not None
        ]

    def _start(
        self, name: str, generation: int, command: tuple[str, ...], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        given = {**variables.base(), **environment, "OPENAI_API_KEY": f"{name}.{generation}"}
        log = self.home.log(f"{name}.{generation}" if generation else name)
        return processes.start(self.home, name, command, given, log)


def module(name: str, *options: object) -> tuple[str, ...]:
    """The command that runs one of Python's modules."""
    return (str(PYTHON), "-m", name, *map(str, options))


def start_standins(fleet: Fleet, folder: Path, ports: Mapping[str, int], seed: int) -> None:
    """Start model, LLM and receiver, and wait until they answer."""
    for role in ("model", "llm", "receiver"):
        process = fleet.add(role, _standin(role, folder, ports[role], seed), {})
        ready(fleet.home, role, f"http://127.0.0.1:{ports[role]}/", process)


def _standin(role: str, folder: Path, port: int, seed: int) -> Callable[[int], tuple[str, ...]]:
    return lambda generation: module(
        "tests.drill.standins", role, "--port", port, "--folder", folder, "--seed", f"{seed}.{generation}"
    )


def start_runtime(fleet: Fleet, cloud: Cloud, mode: Mode, world: World, port: int, model: int) -> None:
    """Start the SageMaker runtime of one mode; SageMaker's own queue is not ours to lose, so it is kept."""
    environment = load_environment("local")
    served = f"{environment.model.endpoint_name}=http://127.0.0.1:{model}"
    options = ("--asynchronous", world.exchange, *world.topics) if mode == "async" else ()
    fleet.keep(
        f"runtime-{mode}",
        module("local.servers.sagemaker_runtime", "--port", port, "--endpoint", served, *options),
        variables.aws(cloud.port, environment.region),
        f"http://127.0.0.1:{port}/healthz",
    )


def start_workers(
    fleet: Fleet,
    world: World,
    folder: Path,
    given: Mapping[str, str],
    seed: int | None,
) -> None:
    """Start service and functions of one mode; with a seed in a hurry and with faults."""
    service = "services.analyze" if seed is None else "tests.drill.service"
    url = f"http://127.0.0.1:{world.service}/healthz"
    name = f"service-{world.mode}"
    process = fleet.add(name, lambda _: module(service, "--port", world.service), given)
    for role in ("jobs", "outbox"):
        fleet.add(f"{role}-{world.mode}", _worker(role, folder, seed), given)
    ready(fleet.home, name, url, process)


def _worker(role: str, folder: Path, seed: int | None) -> Callable[[int], tuple[str, ...]]:
    def command(generation: int) -> tuple[str, ...]:
        seeded = () if seed is None else ("--seed", f"{seed}.{role}.{generation}")
        return module("tests.drill.worker", role, "--folder", folder, *seeded)

    return command
