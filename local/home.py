"""Where the local system keeps its tools, its data and its logs.

Tools (the emulator's environment, the CDK command line) are installed once, in `.vitrine` of the repository.
Data, logs and state are kept there too, or in the folder that VITRINE_HOME names, so that two systems can run
side by side.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

REPOSITORY = Path(__file__).resolve().parent.parent
TOOLS = REPOSITORY / ".vitrine"
PYTHON = Path(sys.executable)
_LINE_LIMIT = 300

# realtime: the service calls the model and waits for its answer. async: the model's answer arrives by
# notification; Supabase's database and Edge Functions run as well, and webhooks go both ways.
Mode = Literal["realtime", "async"]
MODES: tuple[Mode, ...] = ("realtime", "async")


@dataclass(frozen=True)
class Home:
    """The data folder of one local system."""

    root: Path

    @classmethod
    def current(cls) -> Home:
        """Return the home that VITRINE_HOME names, else the repository's own."""
        return cls(Path(os.environ.get("VITRINE_HOME") or TOOLS).resolve())

    @property
    def state(self) -> Path:
        """The folder of the records of processes and of the last deployment."""
        return self.root / "state"

    @property
    def environment(self) -> Path:
        """environments/local.toml with the addresses of this run; its stem is the environment's name."""
        return self.root / "local.toml"

    @property
    def assembly(self) -> Path:
        """The synthesized CDK app."""
        return self.root / "cdk.out"

    @property
    def outputs(self) -> Path:
        """The stack outputs, as the CDK command line wrote them."""
        return self.root / "outputs.json"

    def log(self, name: str) -> Path:
        """Return the log file of a process or a deployment step."""
        return self.root / "logs" / f"{name}.log"

    def data(self, name: str) -> Path:
        """Return the folder that a process may write to."""
        return self.root / "data" / name

    def create(self) -> None:
        """Create the folders for state, logs and data."""
        for folder in (self.state, self.log("any").parent, self.data("any").parent):
            folder.mkdir(parents=True, exist_ok=True)


def tail(path: Path, lines: int = 15) -> list[str]:
    """Return the last lines of a log, without blank and repeated ones; an empty list when it is missing."""
    text = path.read_text("utf-8", errors="replace") if path.is_file() else ""
    readable = [readable_line(line) for line in text.splitlines() if line.strip()]
    return [line for line, _ in groupby(readable)][-lines:]


def last_line(path: Path) -> str:
    """Return the last line of a log, cut to fit beside a step's name; empty when there is none."""
    return next(iter(tail(path, 1)), "").strip()[:100]


def readable_line(line: str) -> str:
    """Return a log line for a terminal: of a JSON entry, its message and what it says of the cause."""
    if line.startswith("{"):
        with suppress(ValueError, AttributeError):
            entry = json.loads(line)
            fields = [entry.get(name) for name in ("level", "message", "error", "reason")]
            line = " ".join(str(field) for field in fields if field) or line
    return line if len(line) <= _LINE_LIMIT else f"{line[:_LINE_LIMIT]}…"
