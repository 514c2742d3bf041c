"""`package`: builds `blip2-endpoint.tar.gz`, which the endpoint serves; the same input gives the same bytes.

config.json, model.safetensors, …   the model's folder, at the root; its weights in half precision
catalogue.json                      what it is asked about goods, in its own tokens: `catalogue_file`
priors.json                         the folder's own, where `calibrate` wrote one
manifest.json                       the folder's own, with the version, the catalogue and each file's hash
code/inference.py, …                the handlers, where SageMaker's PyTorch container looks for them
code/requirements.txt               what the container installs at its start, unless the packages are inside
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from . import catalogue_file, weights
from .errors import PackagingError as PackagingError
from .fitness import calibrated_for, loading_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "blip2-endpoint.tar.gz"
DEMO = Path(__file__).resolve().parents[1] / "model"
CODE = Path(__file__).resolve().parents[1] / "code"
# The code that determines the archive's bytes, beside its members.
_MAKERS = [Path(__file__).with_name(name) for name in ("catalogue_file.py", "packaging.py", "weights.py")]
_DECISIVE = {catalogue_file.NAME, "priors.json"}
# What from_pretrained reads in a model's folder: no README, and no weights in another format.
_MODEL_SUFFIXES = {".json", ".safetensors", ".model", ".txt"}
# pip's name for the platform of AWS's PyTorch inference images.
_CONTAINER = ("--python-platform", "x86_64-manylinux_2_28", "--python-version", "3.12")
# Deflate, no flags, no time, no extra flags, unknown system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"
_GZIP_BLOCK = 65_535


def package(
    target: Path,
    model: str,
    *,
    catalogue: str | None = None,
    revision: str | None = None,
    with_packages: bool = False,
) -> str:
    """Build the archive of a model, which is "demo", a folder or a hub id; returns its SHA-256.

    `catalogue` is as in `build`. Raises PackagingError, or ArtifactError if the hub does not deliver the
    model.
    """
    from .hub import resolve

    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target there is room for gigabytes of weights; /tmp may be memory.
    with tempfile.TemporaryDirectory(prefix="blip2-model-", dir=target.parent) as work:
        folder = resolve(str(DEMO) if model == "demo" else model, revision, Path(work))
        contents(folder)
        if problem := loading_fault(folder):
            raise PackagingError(problem)
        return build(target, folder, catalogue=catalogue, with_packages=with_packages, revision=revision)


def build(
    target: Path,
    model: Path,
    *,
    catalogue: str | None = None,
    with_packages: bool = False,
    revision: str | None = None,
) -> str:
    """Write the archive of the folder `model` to `target`, whole or not at all; returns its SHA-256.

    `catalogue` is drawn, photo, second_hand or a catalogue's folder, compiled for the model's tokenizer;
    None: the folder's own catalogue.json as it is, or second_hand for a folder without one. `with_packages`
    includes the packages of the handlers, for a container without a package index. `revision` is the hub's
    commit that the folder is a copy of. Raises PackagingError.
    """
    members = contents(model)
    name = catalogue or catalogue_file.name_of(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".blip2-", dir=target.parent) as folder:
        work = Path(folder)
        if catalogue or name is None:
            name = name or catalogue_file.USUAL
            members[catalogue_file.NAME] = work / catalogue_file.NAME
            members[catalogue_file.NAME].write_bytes(
                catalogue_file.compiled(model, catalogue_file.load(name))
            )
        members |= weights.to_half_precision(model, work / "weights")
        if with_packages:
            del members["code/requirements.txt"]
        _warn_of_calibration(model, members[catalogue_file.NAME])
        members["manifest.json"] = work / "manifest.json"
        members["manifest.json"].write_text(_manifest(model, members, Path(name).name, revision), "utf-8")
        if with_packages:
            members |= _packages(work / "packages")
        part = work / NAME
        with part.open("wb") as stream:
            _write(members, stream)
        sha256 = sha256_of(part)
        part.replace(target)
    return sha256


def key(sha256: str) -> str:
    """The archive's key in the artifact bucket, which contains its hash."""
    return f"models/{sha256}/{NAME}"


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def contents(model: Path) -> dict[str, Path]:
    """The archive's members before any is made: their names and source files; raises PackagingError."""
    found = {
        file.name: file
        for file in sorted(model.glob("*"))
        if file.is_file()
        and file.suffix in _MODEL_SUFFIXES
        and not file.name.startswith(".")
        and not file.name.endswith(".bin.index.json")
    }
    if "config.json" not in found or not any(name.endswith(".safetensors") for name in found):
        raise PackagingError(
            f"{model}: is no model's folder, which holds config.json and *.safetensors"
            + (
                " (weights in *.bin are not read: convert them with save_pretrained)"
                if [*model.glob("*.bin")]
                else ""
            )
        )
    code = [*sorted(CODE.glob("*.py")), CODE / "requirements.txt"]
    return found | {f"code/{file.name}": file for file in code}


def fingerprint(model: Path, *, catalogue: str | None = None, with_packages: bool = False) -> str:
    """A hash of everything that determines the archive's bytes; much faster than building the archive."""
    name = catalogue or catalogue_file.name_of(model) or catalogue_file.USUAL
    version = catalogue_file.load(name).version
    digest = hashlib.sha256(f"{with_packages} {catalogue} {Path(name).name} {version}".encode())
    makers = {f" {file.name}": file for file in _MAKERS}
    for name, file in (contents(model) | makers).items():
        digest.update(f"\0{name}\0{sha256_of(file)}".encode())
    return digest.hexdigest()


def _manifest(model: Path, members: Mapping[str, Path], catalogue: str, revision: str | None) -> str:
    path = model / "manifest.json"
    stated: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    name = stated.setdefault("name", model.resolve().name)
    files = {name: sha256_of(file) for name, file in sorted(members.items()) if name != "manifest.json"}
    # What an answer depends on: two archives of the same version give the same answers.
    decisive = {
        "files": {n: h for n, h in files.items() if n.endswith(".safetensors") or n in _DECISIVE},
        "stated": {key: stated.get(key) for key in ("calibration", "prompts")},
    }
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    version = json.loads(members[catalogue_file.NAME].read_text("utf-8"))["version"]
    stated |= {
        "version": f"{name}-{digest[:12]}",
        "revision": revision,
        "catalogue": {"name": catalogue, "version": version, "sha256": files[catalogue_file.NAME]},
        "files": files,
    }
    return f"{json.dumps(stated, indent=2, ensure_ascii=False)}\n"


def _warn_of_calibration(model: Path, made: Path) -> None:
    made_for = calibrated_for(model)
    version = json.loads(made.read_text("utf-8"))["version"]
    if made_for != version:
        found = f"its calibration is of the catalogue {made_for}" if made_for else "it has no calibration"
        sys.stderr.write(
            f"WARNING: {model}: {found}, so that every report about the catalogue {version} says "
            "calibrated: false; run `python -m model_artifacts.blip2 calibrate`\n"
        )


def _write(members: Mapping[str, Path], stream: BinaryIO) -> None:
    with (
        closing(StoredGzip(stream)) as gzip,
        tarfile.open(mode="w|", fileobj=cast("BinaryIO", gzip), format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(members, key=PurePosixPath):
            with members[name].open("rb") as file:
                member = tarfile.TarInfo(name)
                member.size = os.fstat(file.fileno()).st_size
                member.mode = 0o644
                tar.addfile(member, file)


def _packages(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    run_uv(
        *("pip", "install", "--quiet", "--no-progress", "--target", str(folder), *_CONTAINER),
        *("--requirement", str(CODE / "requirements.txt"), "--only-binary", ":all:"),
    )
    # The packages' commands are not called, and contain the path of this machine's interpreter.
    shutil.rmtree(folder / "bin", ignore_errors=True)
    return {
        f"code/{file.relative_to(folder).as_posix()}": file for file in folder.rglob("*") if _shipped(file)
    }


def run_uv(*arguments: str) -> None:
    """Run uv for the handlers' packages; raises PackagingError with what it says."""
    from uv import find_uv_bin

    done = subprocess.run(  # noqa: S603 our own command
        [find_uv_bin(), *arguments], capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        raise PackagingError(
            f"code/requirements.txt: its packages cannot be installed: {done.stderr.strip()} "
            "(is the package index reachable?)"
        )


def _shipped(file: Path) -> bool:
    # uv's lock file and its notes on this installation are no part of the packages.
    return file.is_file() and file.suffix != ".pyc" and file.name not in (".lock", "uv_cache.json")


class StoredGzip:
    """A gzip stream that stores its bytes uncompressed; `close` ends it.

    Half-precision weights hardly shrink, and a compressor's output depends on its version. Stored, the same
    input gives the same bytes on every machine, at the disk's pace.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._pending = bytearray()
        self._checksum = 0
        self._size = 0
        stream.write(_GZIP_HEADER)

    def write(self, data: bytes) -> int:
        """Buffer `data`, and write whole blocks to the stream."""
        self._checksum = zlib.crc32(data, self._checksum)
        self._size += len(data)
        self._pending += data
        whole = len(self._pending) // _GZIP_BLOCK * _GZIP_BLOCK
        for start in range(0, whole, _GZIP_BLOCK):
            self._block(self._pending[start : start + _GZIP_BLOCK], last=False)
        del self._pending[:whole]
        return len(data)

    def _block(self, data: bytes | bytearray, *, last: bool) -> None:
        size = len(data)
        self._stream.write(struct.pack("<BHH", last, size, size ^ 0xFFFF))
        self._stream.write(data)

    def close(self) -> None:
        """End the gzip stream, and leave the stream below it open."""
        self._block(self._pending, last=True)
        self._stream.write(struct.pack("<II", self._checksum, self._size & 0xFFFFFFFF))
