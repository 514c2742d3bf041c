"""Where the local system keeps its tools and its data.

Tools (the emulator's environment, the CDK command line) are installed once, in `.vitrine` of the repository.
Data (logs, state, the rendered environment) live there too, or in the folder that VITRINE_HOME names, so that
two systems can run beside each other.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TOOLS = REPOSITORY / ".vitrine"
PYTHON = Path(sys.executable)
_WIDTH = 300


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
        """The folder of what is known about running parts and the last deployment."""
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
        """Return the log file of a part or a step."""
        return self.root / "logs" / f"{name}.log"

    def data(self, name: str) -> Path:
        """Return the folder that a part may write to."""
        return self.root / "data" / name

    def create(self) -> None:
        """Create the folders that every command may rely on."""
        for folder in (self.state, self.log("any").parent, self.data("any").parent):
            folder.mkdir(parents=True, exist_ok=True)


def tail(path: Path, lines: int = 15) -> list[str]:
    """Return the last lines of a log that say something, or nothing when there is no such file."""
    try:
        text = path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    spoken = [spell(line) for line in text.splitlines() if line.strip()]
    return [line for line, _ in groupby(spoken)][-lines:]


def spell(line: str) -> str:
    """Return a log line as a person reads it: of JSON, its message and the end of its traceback."""
    if line.startswith("{"):
        with suppress(ValueError, AttributeError):
            entry = json.loads(line)
            cause = str(entry.get("exc_info") or "").strip().rpartition("\n")[2]
            parts = (entry.get("level"), entry.get("message"), cause)
            line = " ".join(str(part) for part in parts if part) or line
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…"
