"""Builds `blip2-endpoint.tar.gz`, the archive that the endpoint serves: the same input gives the same bytes.

config.json, model.safetensors, …   the model's folder, at the root; its weights in half precision
vocabulary.json                     the questions that the service asks of it
manifest.json                       the folder's own, with the version, the vocabulary and each file's hash
code/inference.py, …                the handlers, where SageMaker's PyTorch container looks for them
code/requirements.txt               what the container installs at its start, unless the packages are inside
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from . import weights
from .errors import PackagingError as PackagingError
from .gzip_stored import StoredGzip

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "blip2-endpoint.tar.gz"
CODE = Path(__file__).resolve().parents[1] / "code"
VOCABULARY = Path(__file__).resolve().parents[3] / "services" / "core" / "domain" / "vocabulary.json"
# Whatever makes the archive's bytes, beside what is inside.
_MAKERS = [Path(__file__).with_name(name) for name in ("packaging.py", "weights.py", "gzip_stored.py")]
# What from_pretrained reads of a model's folder: no README, and no weights of another format.
_MODEL_SUFFIXES = {".json", ".safetensors", ".model", ".txt"}
# What pip calls the platform of AWS's PyTorch inference images.
_CONTAINER = ("--python-platform", "x86_64-manylinux_2_28", "--python-version", "3.12")


def build(
    target: Path,
    model: Path,
    *,
    with_packages: bool = False,
    vocabulary: Path = VOCABULARY,
    revision: str | None = None,
) -> str:
    """Write the archive of the folder `model` to `target`, whole or not at all; returns its SHA-256.

    `with_packages` puts the packages themselves beside the handlers, for a container that reaches no index.
    `revision` is the hub's, where the folder comes from there.
    """
    members = contents(model, vocabulary)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target: there is room for the weights where there is room for the archive.
    with tempfile.TemporaryDirectory(prefix=".blip2-", dir=target.parent) as folder:
        work = Path(folder)
        members |= weights.half(model, work / "weights")
        if with_packages:
            del members["code/requirements.txt"]
        members["manifest.json"] = work / "manifest.json"
        members["manifest.json"].write_text(_manifest(model, members, revision), "utf-8")
        if with_packages:
            members |= _packages(work / "packages")
        part = work / NAME
        with part.open("wb") as stream:
            _write(members, stream)
        sha256 = sha256_of(part)
        part.replace(target)
    return sha256


def key(sha256: str) -> str:
    """The archive's key in the artifact bucket: by its content, so that another archive is another key."""
    return f"models/{sha256}/{NAME}"


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's bytes, by which archives are named."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def contents(model: Path, vocabulary: Path = VOCABULARY) -> dict[str, Path]:
    """The archive's members but for the manifest: their names, and the files that they are made from."""
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
            f"{model}: no model's folder, which holds config.json and *.safetensors"
            + (
                " (weights in *.bin are not read: convert them with save_pretrained)"
                if [*model.glob("*.bin")]
                else ""
            )
        )
    found["vocabulary.json"] = vocabulary
    code = [*sorted(CODE.glob("*.py")), CODE / "requirements.txt"]
    return found | {f"code/{file.name}": file for file in code}


def fingerprint(model: Path, *, with_packages: bool = False, vocabulary: Path = VOCABULARY) -> str:
    """A hash that changes with whatever the archive is made from; much faster than building it."""
    digest = hashlib.sha256(f"{with_packages}".encode())
    makers = {f" {file.name}": file for file in _MAKERS}
    for name, file in (contents(model, vocabulary) | makers).items():
        digest.update(f"\0{name}\0{sha256_of(file)}".encode())
    return digest.hexdigest()


def _manifest(model: Path, members: Mapping[str, Path], revision: str | None) -> str:
    path = model / "manifest.json"
    stated: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    name = stated.setdefault("name", model.resolve().name)
    files = {name: sha256_of(file) for name, file in sorted(members.items()) if name != "manifest.json"}
    words = json.loads(members["vocabulary.json"].read_text("utf-8"))
    # What an answer depends on: two archives of the same version answer alike.
    decisive = {
        "files": {n: h for n, h in files.items() if n.endswith(".safetensors") or n == "vocabulary.json"},
        "calibration": {key: stated.get(key, {}) for key in ("temperature", "platt")},
    }
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    stated |= {
        "version": f"{name}-{digest[:12]}",
        "revision": revision,
        "vocabulary": {"version": words["version"], "sha256": files["vocabulary.json"]},
        "files": files,
    }
    return f"{json.dumps(stated, indent=2, ensure_ascii=False)}\n"


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

    folder.mkdir()
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
