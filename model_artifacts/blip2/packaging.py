"""Builds `blip2-endpoint.tar.gz`, the archive that the endpoint serves: the same input gives the same bytes.

config.json, model.safetensors, …   the model's folder, at the root
code/inference.py, …                the handlers, where SageMaker's PyTorch container looks for them
code/requirements.txt               what the container installs at its start, unless the packages are inside
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from .gzip_stored import StoredGzip

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "blip2-endpoint.tar.gz"
CODE = Path(__file__).resolve().parent / "code"
# What from_pretrained reads of a model's folder: no README, and no weights of another format.
_MODEL_SUFFIXES = {".json", ".safetensors", ".model", ".txt"}
# What pip calls the platform of AWS's PyTorch inference images.
_CONTAINER = ("--python-platform", "x86_64-manylinux_2_28", "--python-version", "3.12")


class PackagingError(Exception):
    """The archive cannot be built; the message says what is missing."""


def build(target: Path, model: Path, *, with_packages: bool = False) -> str:
    """Write the archive of the folder `model` to `target`, whole or not at all; returns its SHA-256.

    `with_packages` puts the packages themselves beside the handlers, for a container that reaches no index.
    """
    members = contents(model)
    with tempfile.TemporaryDirectory(prefix="blip2-packages-") as folder:
        if with_packages:
            del members["code/requirements.txt"]
            members |= _packages(Path(folder))
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        try:
            with part.open("wb") as stream:
                _write(members, stream)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def key(sha256: str) -> str:
    """The archive's key in the artifact bucket: by its content, so that another archive is another key."""
    return f"models/{sha256}/{NAME}"


def contents(model: Path) -> dict[str, Path]:
    """The archive's members: their names inside, and the files that they are made from."""
    found = {
        file.name: file
        for file in sorted(model.glob("*"))
        if file.is_file() and file.suffix in _MODEL_SUFFIXES and not file.name.startswith(".")
    }
    if "config.json" not in found or not any(name.endswith(".safetensors") for name in found):
        raise PackagingError(f"{model}: no model's folder, which holds config.json and *.safetensors")
    code = [*sorted(CODE.glob("*.py")), CODE / "requirements.txt"]
    return found | {f"code/{file.name}": file for file in code}


def fingerprint(model: Path, *, with_packages: bool = False) -> str:
    """A hash that changes with whatever the archive is made from; much faster than building it."""
    digest = hashlib.sha256(f"{with_packages}".encode())
    makers = {"": Path(__file__), " ": Path(__file__).with_name("gzip_stored.py")}
    for name, file in (contents(model) | makers).items():
        with file.open("rb") as stream:
            digest.update(f"\0{name}\0".encode() + hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _write(members: Mapping[str, Path], stream: BinaryIO) -> None:
    with (
        StoredGzip(stream) as gzip,
        tarfile.open(mode="w|", fileobj=cast("BinaryIO", gzip), format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(members, key=PurePosixPath):
            with members[name].open("rb") as file:
                member = tarfile.TarInfo(name)
                member.size = os.fstat(file.fileno()).st_size
                member.mode = 0o644
                tar.addfile(member, file)


def _packages(folder: Path) -> dict[str, Path]:
    from uv import find_uv_bin

    command = [
        *(find_uv_bin(), "pip", "install", "--quiet", "--no-progress", "--target", str(folder)),
        *("--requirement", str(CODE / "requirements.txt"), "--only-binary", ":all:", *_CONTAINER),
    ]
    done = subprocess.run(  # noqa: S603 our own command
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        raise PackagingError(
            f"{CODE.name}/requirements.txt: its packages cannot be installed: {done.stderr.strip()} "
            "(is the package index reachable?)"
        )
    # Commands of the packages: never called, and they hold the path of this machine's interpreter.
    shutil.rmtree(folder / "bin", ignore_errors=True)
    return {
        f"code/{file.relative_to(folder).as_posix()}": file for file in folder.rglob("*") if _shipped(file)
    }


def _shipped(file: Path) -> bool:
    # uv's lock of the folder and what it notes of this installation are no part of the packages.
    return file.is_file() and file.suffix != ".pyc" and file.name not in (".lock", "uv_cache.json")
