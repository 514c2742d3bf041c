"""`flight-check`: inspects an archive, serves it, and sends it a known photo by the service's own code."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil

from services.core.domain.errors import CatalogueMismatch, ModelAnswerInvalid
from services.core.vision.endpoint import RealtimeVisionEndpoint

from .. import catalogue_file
from ..archive import UnpackedArchive, catalogue_of, remove_foreign_packages, unpacked
from ..errors import ArchiveError, Fault, PackagingError
from ..fitness import calibrated_for
from ..packaging import run_uv
from ..serving import Launch, own_server, serving
from .inspection import inspect
from .torchserve import require_java, torchserve

if TYPE_CHECKING:
    from catalogue import Catalogue
    from services.core.domain.observation import Observation

_ROOT = Path(__file__).resolve().parents[4]
OWN_SERVER = Path(__file__).resolve().parents[2] / "server" / "requirements.txt"
TORCHSERVE = Path(__file__).with_name("torchserve-requirements.txt")
ENVIRONMENTS = _ROOT / ".vitrine" / "flight-check"
_PHOTO = _ROOT / "examples" / "photos" / "drawn-mug.jpg"
# The same handlers on the same photo differ only by the number of threads that add the same numbers.
_SAME = 1e-4
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Flight:
    """The observation of the photo, and what it took: seconds and bytes."""

    observation: Observation
    ready_after_s: float
    first_answer_s: float
    peak_memory: int

    def __str__(self) -> str:
        return (
            f"ready after {self.ready_after_s:.1f} s, first answer {self.first_answer_s:.2f} s, "
            f"peak memory {self.peak_memory / 1e6:,.0f} MB"
        )


def flight_check(
    archive: Path,
    instance_type: str,
    *,
    catalogue: str | None = None,
    here: bool = False,
    aws_server: bool = False,
) -> list[str]:
    """The measured values, in lines; raises ArchiveError for the first reason to refuse.

    `catalogue` is a catalogue's folder, if the archive is of none that is committed. `here` serves with the
    packages of this environment instead of the archive's requirements; `aws_server` also serves the archive
    by TorchServe and compares the answers.
    """
    if aws_server:
        require_java()
    _say("unpacking")
    with unpacked(archive) as inside:
        _say("inspecting handlers, weights, hashes and requirements")
        goods = catalogue_of(inside, catalogue)
        needed = inspect(inside.folder, instance_type)
        disk = sum(file.stat().st_size for file in inside.folder.rglob("*") if file.is_file())
        requirements = inside.code / "requirements.txt"
        if foreign := remove_foreign_packages(inside.code):
            _say("its packages are built for the container; installing the same versions for this machine")
            requirements.write_text("".join(f"{line}\n" for line in foreign), "utf-8")
        _say("installing its requirements, unless an earlier run did")
        python = Path(sys.executable) if here else environment(requirements)
        _say("serving, and sending a photo")
        own = fly(inside, python, goods)
        return [
            f"{instance_type}: about {needed:.1f} GiB needed, disk {disk / 1e6:,.1f} MB",
            f"our own server: {own}",
            *([_by_torchserve(inside, requirements, goods, own)] if aws_server else ()),
            f"{own.observation.artifact}: {own.observation.caption}",
            *([_uncalibrated(inside)] if not own.observation.calibrated else ()),
        ]


def _uncalibrated(inside: UnpackedArchive) -> str:
    made_for = calibrated_for(inside.folder)
    version = catalogue_file.stated_version(inside.folder)
    other = f", its calibration is of {made_for}" if made_for not in (None, version) else ""
    return (
        f"WARNING: not calibrated for its catalogue {version}{other}: every report says so; "
        "run `python -m model_artifacts.blip2 calibrate` and package it again"
    )


def _by_torchserve(inside: UnpackedArchive, requirements: Path, goods: Catalogue, own: Flight) -> str:
    _say("installing AWS's server, unless an earlier run did")
    python = environment(requirements, TORCHSERVE)
    _say("serving by TorchServe, and sending the photo again")
    flown = fly(inside, python, goods, torchserve)
    difference = largest_difference(own.observation, flown.observation)
    if difference > _SAME:
        raise ArchiveError(
            Fault.OTHER_ANSWER,
            f"{inside.archive}: TorchServe differs from our own server by {difference:.2g} in a probability",
        )
    same = "the same answers" if difference == 0 else f"the same answers to within {difference:.1g}"
    return f"TorchServe: {flown}; {same}"


def fly(archive: UnpackedArchive, python: Path, goods: Catalogue, launch: Launch = own_server) -> Flight:
    """Serve with that interpreter, send the photo, and parse the answer by the service's own code.

    Raises ArchiveError.
    """
    with serving(archive, python, launch) as runtime:
        begun = time.monotonic()
        endpoint = RealtimeVisionEndpoint(cast("Any", runtime), str(archive.archive), goods)
        try:
            observation = endpoint.observe([_PHOTO.read_bytes()])
        except (ModelAnswerInvalid, CatalogueMismatch) as error:
            raise ArchiveError(Fault.WRONG_SHAPE, f"{archive.archive}: {error}") from error
        took = time.monotonic() - begun
        return Flight(observation, runtime.ready_after_s, took, peak_memory(runtime.process.pid))


def environment(requirements: Path, server: Path = OWN_SERVER) -> Path:
    """The interpreter of an environment with these requirements and a server's, which later runs reuse.

    An archive with its packages inside has no requirements file. Raises ArchiveError.
    """
    torch = f"torch=={version('torch')}"
    given = [file for file in (requirements, server) if file.is_file()]
    wanted = b"".join(file.read_bytes() for file in given) + f"{torch} {sys.version}".encode()
    folder = ENVIRONMENTS / hashlib.sha256(wanted).hexdigest()[:12]
    done = folder / "complete"
    if not done.exists():
        run_uv("venv", "--clear", "--quiet", "--python", sys.executable, str(folder))
        links = [f"--find-links={place}" for place in os.environ.get("PIP_FIND_LINKS", "").split()]
        # uv ignores pip's settings; this selects the CPU build of torch, as in local/setup.sh.
        backend = [] if links else ["--torch-backend=cpu"]
        try:
            run_uv(
                *("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *links, *backend),
                *(f"--requirement={file}" for file in given),
                torch,
            )
        except PackagingError as error:
            raise ArchiveError(Fault.REQUIREMENT_ABSENT, str(error)) from error
        done.touch()
    return folder / "bin" / "python"


def largest_difference(own: Observation, other: Observation) -> float:
    """The largest difference of a probability in two answers.

    Raises ArchiveError if caption or artifact differ.
    """
    if (own.artifact, own.caption) != (other.artifact, other.caption):
        raise ArchiveError(
            Fault.OTHER_ANSWER,
            f"TorchServe answers {other.artifact}: {other.caption!r}, and our own server "
            f"{own.artifact}: {own.caption!r}",
        )
    mine, others = _probabilities(own), _probabilities(other)
    return max(abs(mine.get(name, 0.0) - others.get(name, 0.0)) for name in mine | others)


def _probabilities(seen: Observation) -> dict[str, float]:
    found = {f"kind {kind.id}": kind.p for kind in seen.kinds}
    for about in ("material", "colour", "pattern"):
        found |= {f"{about} {id_}": p for id_, p in getattr(seen, about).items()}
    for number, photo in enumerate(seen.wear):
        found |= {f"{number} {tag} {part}": p for tag, parts in photo.items() for part, p in enumerate(parts)}
    return found


def peak_memory(pid: int) -> int:
    """Bytes of a process and its descendants, each at its own peak.

    Where the system records no peaks (macOS), their present memory.
    """
    first = psutil.Process(pid)
    return sum(_peak(one) for one in (first, *first.children(recursive=True)))


def _peak(process: psutil.Process) -> int:
    try:
        recorded = _PEAK.search(Path(f"/proc/{process.pid}/status").read_text("ascii"))
    except OSError:
        recorded = None
    return int(recorded[1]) * 1024 if recorded else int(process.memory_info().rss)


def _say(text: str) -> None:
    sys.stderr.write(f"flight-check: {text}\n")
