"""Measured figures with their goals: printed one per line, and kept as the record of the last run."""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from subprocess import run
from typing import Any

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"
PACKAGES = ("pillow", "fastapi", "uvicorn", "boto3", "openai")


@dataclass(frozen=True)
class Figure:
    """A measured value and its goal: a lower bound, an upper bound, or none."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def goal(self) -> str:
        """The goal as text, `-` when there is none."""
        if self.at_least is not None:
            return f">={self.at_least:g}"
        return "-" if self.at_most is None else f"<={self.at_most:g}"

    @property
    def met(self) -> bool:
        """Whether the value meets its goal."""
        return not (
            (self.at_least is not None and self.value < self.at_least)
            or (self.at_most is not None and self.value > self.at_most)
        )

    def line(self) -> str:
        """Return `figure NAME VALUE GOAL ok|short`."""
        # Four digits, but no exponent for a count.
        value = f"{self.value:.0f}" if abs(self.value) >= 1000 else f"{self.value:.4g}"
        return f"figure {self.name} {value} {self.goal} {'ok' if self.met else 'short'}"


def keep(file: Path, figures: Sequence[Figure], detail: Mapping[str, Any]) -> None:
    """Write the run to `file`, with the machine and the versions that it ran on."""
    record = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "figures": [
            {
                "name": figure.name,
                "value": float(f"{figure.value:.4g}"),
                "goal": figure.goal,
                "met": figure.met,
            }
            for figure in figures
        ],
        "detail": detail,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def show(figures: Sequence[Figure]) -> None:
    """Print one line per figure to standard output."""
    for figure in figures:
        print(figure.line())  # noqa: T201


def say(text: str, again: bool = False) -> None:
    """Print a line of progress to standard error.

    A line that is written `again` and again is replaced by the next one on a terminal, and left out of a log.
    """
    if not again:
        print(text, file=sys.stderr, flush=True)  # noqa: T201
    elif sys.stderr.isatty():
        print(text, end="\r", file=sys.stderr, flush=True)  # noqa: T201


def _cpu() -> str:
    if sys.platform == "darwin":
        command = ("sysctl", "-n", "machdep.cpu.brand_string")
        return run(command, capture_output=True, text=True, check=True).stdout.strip()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
