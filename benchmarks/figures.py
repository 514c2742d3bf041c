"""Figures with their goals: as lines for people and scripts, and as the record of the last run."""

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

PACKAGES = ("pillow", "fastapi", "uvicorn", "boto3", "openai")


@dataclass(frozen=True)
class Figure:
    """A measured value, and the bound it should keep: at least, at most, or none."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def goal(self) -> str:
        """The bound as text, `-` when there is none."""
        if self.at_least is not None:
            return f">={self.at_least:g}"
        return "-" if self.at_most is None else f"<={self.at_most:g}"

    @property
    def met(self) -> bool:
        """Whether the value keeps its bound."""
        return not (
            (self.at_least is not None and self.value < self.at_least)
            or (self.at_most is not None and self.value > self.at_most)
        )

    def line(self) -> str:
        """`figure NAME VALUE GOAL ok|short`."""
        return f"figure {self.name} {self.value:.4g} {self.goal} {'ok' if self.met else 'short'}"


def keep(file: Path, figures: Sequence[Figure], detail: Mapping[str, Any]) -> None:
    """Write the run to `file`, beside what it ran on."""
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


def _cpu() -> str:
    if sys.platform == "darwin":
        command = ("sysctl", "-n", "machdep.cpu.brand_string")
        return run(command, capture_output=True, text=True, check=True).stdout.strip()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
