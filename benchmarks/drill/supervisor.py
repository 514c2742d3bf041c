"""Starts the processes of a drill, kills them without warning, and restarts them."""

import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from benchmarks.drill.deployment import Cloud
from benchmarks.emulated_stores import wait_ready
from local.home import Home
from local.supervisor import process_specs, processes
from local.supervisor.configuration import base_env
from settings.environment import load_environment


@dataclass(frozen=True)
class Kill:
    """A process that was killed, and how many times it had been killed before."""

    name: str
    generation: int

    @property
    def caller(self) -> str:
        """The name that the process gave to the LLM."""
        return f"{self.name}.{self.generation}"


def has_used_cpu(seconds: float, pid: int) -> bool:
    """Return whether a process has taken more CPU than its start does."""
    with suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return bool(times.user + times.system >= seconds)
    return False


@dataclass
class _Killable:
    command: Callable[[int], tuple[str, ...]]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    has_worked: Callable[[int], bool]
    generation: int = 0
    down: bool = False


@dataclass
class Supervisor:
    """The processes of one home; only those of `start_killable` are killed."""

    home: Home
    kills: list[Kill] = field(default_factory=list)
    _killable: dict[str, _Killable] = field(default_factory=dict)
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def emulator(self, port: int) -> Cloud:
        """Start the emulator, which is never killed because it keeps all data in memory."""
        spec = process_specs.emulator(self.home, port, load_environment("local").region, port)
        if spec.scratch:
            spec.scratch.mkdir(parents=True)
        self.start_safe(spec.name, spec.command, spec.environment, spec.health_url)
        return Cloud(port)

    def start_safe(
        self, name: str, command: tuple[str, ...], environment: Mapping[str, str], health_url: str
    ) -> None:
        """Start a process that is never killed, and wait until it answers."""
        wait_ready(self.home, name, health_url, self._start(name, 0, command, environment))

    def start_killable(
        self,
        name: str,
        command: Callable[[int], tuple[str, ...]],
        environment: Mapping[str, str],
        has_worked: Callable[[int], bool] = lambda _: True,
    ) -> subprocess.Popen[bytes]:
        """Start a process that may be killed; `command` is called with the number of earlier starts.

        `has_worked` tells of a process id whether that process has done more than start.
        """
        process = self._start(name, 0, command(0), environment)
        self._killable[name] = _Killable(command, environment, process, has_worked)
        return process

    @property
    def names(self) -> list[str]:
        """The names of the processes that may be killed."""
        return sorted(self._killable)

    def has_worked(self, name: str) -> bool:
        """Return whether a process has done more than start since its last kill.

        On a slow machine, a process that is killed while it starts would never work.
        """
        killable = self._killable[name]
        return killable.has_worked(killable.process.pid)

    def kill(self, name: str) -> Kill:
        """Send SIGKILL to a process and wait for its end."""
        killable = self._killable[name]
        killable.down = True
        killable.process.kill()
        killable.process.wait()
        self.kills.append(Kill(name, killable.generation))
        return self.kills[-1]

    def restart(self, name: str) -> None:
        """Start a killed process again, as its next generation."""
        killable = self._killable[name]
        killable.generation, killable.down = killable.generation + 1, False
        command = killable.command(killable.generation)
        killable.process = self._start(name, killable.generation, command, killable.environment)

    def stop(self) -> None:
        """Stop every process of the home, and wait for the end of those started here."""
        processes.stop(self.home)
        for process in self._started:
            process.wait()

    def crashed(self) -> list[str]:
        """Return the names of processes that ended without being killed."""
        return [
            name
            for name, killable in self._killable.items()
            if not killable.down and killable.process.poll() is not None
        ]

    def _start(
        self, name: str, generation: int, command: tuple[str, ...], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        given = {**base_env(), **environment, "OPENAI_API_KEY": f"{name}.{generation}"}
        log = self.home.log(f"{name}.{generation}" if generation else name)
        self._started.append(processes.start(self.home, name, command, given, log))
        return self._started[-1]
