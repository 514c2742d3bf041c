"""The processes of a drill: started, killed without a warning, started again."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.drill.world import Cloud
from benchmarks.scene import ready
from local.home import Home
from local.supervisor import process_specs, processes
from local.supervisor.configuration import base_env
from settings.environment import load_environment


@dataclass(frozen=True)
class Kill:
    """A process that was killed, and how often it had been before."""

    name: str
    generation: int

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
        part = process_specs.emulator(self.home, port, load_environment("local").region, port)
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

    def kill(self, name: str) -> Kill:
        """End a process by SIGKILL, whatever it is doing."""
        member = self._members[name]
        member.away = True
        member.process.kill()
        member.process.wait()
        self.kills.append(Kill(name, member.generation))
        return self.kills[-1]

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
        given = {**base_env(), **environment, "OPENAI_API_KEY": f"{name}.{generation}"}
        log = self.home.log(f"{name}.{generation}" if generation else name)
        return processes.start(self.home, name, command, given, log)
