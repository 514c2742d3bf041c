"""What is deployed, and the packages that the lock of each pins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from cli.cdk import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
# Lambda and Fargate; the machine that checks may be another.
_RUNS_ON = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
_RUNS_ON |= {"platform_machine": "aarch64", "python_version": "3.14", "python_full_version": "3.14.0"}


@dataclass(frozen=True)
class Deployable:
    """A part that is deployed with packages of its own.

    `hashed` says whether its packages are installed by the hashes in the lock.
    """

    name: str
    lock: Path
    hashed: bool = True


@dataclass(frozen=True)
class Pin:
    """A package of a lock, with one version."""

    name: str
    version: str
    hashed: bool
    deployed: bool  # False: only on another platform than Linux on arm64 with Python 3.14


_SERVICES = ("analyze", "authorizer", "hooks", "logs", "results")
DEPLOYABLES = (
    *(Deployable(name, ROOT / "services" / name / "requirements.txt") for name in _SERVICES),
    # Its image takes torch from the index that fits the instance's driver, so that no one hash holds.
    Deployable("model", ROOT / "model_artifacts/blip2/server/requirements-locked.txt", hashed=False),
)


def pins(lock: Path) -> list[Pin]:
    """Return the packages of a lock; raise ValueError for one without an exact version."""
    found = []
    for line in lock.read_text("utf-8").replace("\\\n", " ").splitlines():
        requirement = line.partition("#")[0].partition("--hash")[0].strip()
        if not requirement:
            continue
        parsed = Requirement(requirement)
        versions = [one.version for one in parsed.specifier if one.operator == "=="]
        if len(versions) != 1 or len(parsed.specifier) != 1:
            raise ValueError(f"{lock}: {requirement} names no exact version; `make lock` writes one")
        deployed = parsed.marker is None or parsed.marker.evaluate(_RUNS_ON)
        found.append(Pin(parsed.name, versions[0], bool(_HASH.search(line)), deployed))
    return found


def shown(file: Path) -> str:
    """Return a file's path as a finding names it."""
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)
