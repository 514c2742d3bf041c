"""What can be said of an archive without running it: files, hashes, weights, size."""

from __future__ import annotations

import hashlib
import json
import tarfile
from typing import TYPE_CHECKING

from .errors import (
    ArchiveUnreadable,
    FileAltered,
    HandlersMissing,
    ModelTooLarge,
    WeightNotFinite,
    WeightsCutShort,
)
from .instances import INSTANCES, needed_gb

if TYPE_CHECKING:
    from pathlib import Path

_LENGTH = 8


def unpack(archive: Path, model: Path) -> int:
    """Unpack into the folder `model`, which stands for /opt/ml/model; returns the bytes on disk."""
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(model, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveUnreadable(f"{archive}: cannot be unpacked: {error}") from error
    return sum(file.stat().st_size for file in model.rglob("*") if file.is_file())


def check(model: Path, instance_type: str) -> int:
    """Raise for the first fault of the unpacked archive; returns the bytes of its weights."""
    _handlers(model)
    files = sorted(model.glob("*.safetensors"))
    for file in files:
        _whole(file)
    weights = sum(file.stat().st_size for file in files)
    _fits(weights, instance_type)
    for file in files:
        _finite(file)
    _as_stated(model)
    return weights


def _handlers(model: Path) -> None:
    if (model / "code" / "inference.py").is_file():
        return
    elsewhere = [str(file.relative_to(model)) for file in model.rglob("inference.py")]
    raise HandlersMissing(
        "code/inference.py: is missing; "
        + (
            f"it lies at {', '.join(elsewhere)}, where SageMaker does not look: move it to code/"
            if elsewhere
            else "build the archive with `package`, which puts the handlers inside"
        )
    )


def _whole(file: Path) -> None:
    size = file.stat().st_size
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(_LENGTH), "little")
            if length > size:
                raise ValueError
            tensors = json.loads(stream.read(length))
    except ValueError:
        raise WeightsCutShort(f"{file.name}: its header cannot be read; pack the weights anew") from None
    ends = [tensor["data_offsets"][1] for name, tensor in tensors.items() if name != "__metadata__"]
    due = _LENGTH + length + max(ends, default=0)
    if size != due:
        raise WeightsCutShort(
            f"{file.name}: {size:,} bytes where its header says {due:,}; pack the weights anew"
        )


def _fits(weights: int, instance_type: str) -> None:
    instance = INSTANCES[instance_type]
    needed = needed_gb(weights, instance)
    if needed > instance.memory_gb:
        larger = [name for name, other in INSTANCES.items() if needed_gb(weights, other) <= other.memory_gb]
        raise ModelTooLarge(
            f"{instance_type}: has {instance.memory_gb:g} GB and the model needs {needed:.1f}; "
            + (f"it fits {', '.join(larger)}" if larger else "no instance of the table has room for it")
        )


def _as_stated(model: Path) -> None:
    path = model / "manifest.json"
    if not path.is_file():
        raise FileAltered("manifest.json: is missing; build the archive with `package`")
    for name, stated in json.loads(path.read_text("utf-8")).get("files", {}).items():
        file = model / name
        if not file.is_file():
            raise FileAltered(f"{name}: is missing, and the manifest states it; pack anew")
        with file.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != stated:
                raise FileAltered(f"{name}: is not the file that the manifest states; pack anew")


def _finite(file: Path) -> None:
    import torch
    from safetensors import safe_open

    with safe_open(file, framework="pt") as tensors:
        for name in tensors.keys():  # noqa: SIM118 - no mapping
            tensor = tensors.get_tensor(name)
            if tensor.is_floating_point() and not torch.isfinite(tensor).all():
                raise WeightNotFinite(f"{file.name}: {name} holds a value that is not a finite number")
