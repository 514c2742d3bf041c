"""The archive's weights: safetensors files whose floating-point tensors are all fp16.

A file of mixed precisions loads in the widest of them, at twice the memory, so wider tensors are converted: a
few million numbers at a time, so that memory does not grow with the model.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

INDEX = "model.safetensors.index.json"
HALF = "F16"
_SIZES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
_SIZES |= {"I8": 1, "U8": 1, "BOOL": 1}
_WIDER = {"F64": "<f8", "F32": "<f4", "BF16": "<u2"}  # numpy has no bfloat16: read as its bits
# The exponent's bits of each type; all set means NaN or infinity.
_EXPONENT = {
    "F64": ("<u8", 0x7FF0_0000_0000_0000),
    "F32": ("<u4", 0x7F80_0000),
    "F16": ("<u2", 0x7C00),
    "BF16": ("<u2", 0x7F80),
}
_STEP = 1 << 24


@dataclass(frozen=True)
class Tensor:
    """A tensor of a safetensors file: name, type, shape and first byte."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int = 0

    @property
    def size(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * _SIZES[self.dtype]


def to_half_precision(model: Path, work: Path) -> dict[str, Path]:
    """The weights of the folder `model` in half precision: its own files, or converted ones in `work`.

    Raises PackagingError for weights that are broken, not finite or too large for fp16.
    """
    files = {file.name: file for file in sorted(model.glob("*.safetensors")) if not file.name.startswith(".")}
    tensors = {name: read_header(file) for name, file in files.items()}
    index = _index(model, tensors)
    wider = [name for name in files if any(one.dtype in _WIDER for one in tensors[name])]
    for name in wider:
        work.mkdir(parents=True, exist_ok=True)
        target = work / name
        halves = [replace(one, dtype=HALF) if one.dtype in _WIDER else one for one in tensors[name]]
        write_safetensors(target, halves, _converted(files[name]))
        files[name] = target
        tensors[name] = halves
    if index is not None and wider:
        total = sum(one.size for shard in set(index["weight_map"].values()) for one in tensors[shard])
        index["metadata"] = index.get("metadata", {}) | {"total_size": total}
        files[INDEX] = work / INDEX
        files[INDEX].write_text(f"{json.dumps(index, indent=2, sort_keys=True)}\n", "utf-8")
    return files


def read_header(file: Path) -> list[Tensor]:
    """The tensors of a safetensors file, in the order of their bytes; raises PackagingError."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if 8 + length > size:
            raise PackagingError(f"{file}: cut short, or no safetensors file; fetch it again")
        text = stream.read(length)
    try:
        stated: dict[str, Any] = json.loads(text)
        stated.pop("__metadata__", None)
        found = [
            Tensor(name, one["dtype"], tuple(one["shape"]), 8 + length + one["data_offsets"][0])
            for name, one in stated.items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PackagingError(
            f"{file}: its header is not that of a safetensors file; fetch it again"
        ) from None
    found.sort(key=lambda one: (one.start, one.name))
    end = 8 + length
    for one in found:
        if one.dtype not in _SIZES:
            raise PackagingError(f"{file}: {one.name} is of type {one.dtype}, which cannot be served as fp16")
        if one.start + one.size > size:
            raise PackagingError(f"{file}: cut short within {one.name}; fetch it again")
        if one.start < end:
            raise PackagingError(f"{file}: {one.name} begins within what is before it; fetch it again")
        end = one.start + one.size
    return found


def read_blocks(file: Path) -> Iterator[tuple[Tensor | None, bytes]]:
    """All bytes of a safetensors file in order, each block with its tensor.

    A tensor's block holds whole numbers; a block without a tensor is the header or a gap.
    """
    with file.open("rb") as stream:
        for one in read_header(file):
            if before := stream.read(one.start - stream.tell()):
                yield None, before
            step = _STEP * _SIZES[one.dtype]
            for start in range(0, one.size, step):
                yield one, stream.read(min(step, one.size - start))
        while after := stream.read(_STEP):
            yield None, after


def is_finite(dtype: str, block: bytes | memoryview) -> bool:
    """Whether the block has no NaN and no infinity; always true for integers."""
    import numpy as np

    if dtype not in _EXPONENT:
        return True
    kind, exponent = _EXPONENT[dtype]
    return not bool(((np.frombuffer(block, kind) & exponent) == exponent).any())


def write_safetensors(file: Path, tensors: Iterable[Tensor], parts: Iterable[Any]) -> None:
    """Write a safetensors file of `tensors`, whose bytes are the concatenated `parts`."""
    stated: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for one in tensors:
        stated[one.name] = {
            "dtype": one.dtype,
            "shape": list(one.shape),
            "data_offsets": [end, end + one.size],
        }
        end += one.size
    text = json.dumps(stated, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for part in parts:
            stream.write(part)


def _index(model: Path, tensors: Mapping[str, list[Tensor]]) -> dict[str, Any] | None:
    path = model / INDEX
    if not path.exists():
        return None
    index: dict[str, Any] = json.loads(path.read_text("utf-8"))
    held = {(one.name, shard) for shard, inside in tensors.items() for one in inside}
    for pair in index["weight_map"].items():
        if pair not in held:
            raise PackagingError(f"{path}: {pair[0]} is not in {pair[1]}; fetch the shard again")
    return index


def _converted(file: Path) -> Iterator[Any]:
    import numpy as np

    for one, block in read_blocks(file):
        if one is None:
            continue
        if one.dtype not in (*_WIDER, HALF):
            yield block
            continue
        numbers = np.frombuffer(block, _WIDER.get(one.dtype, "<f2"))
        if one.dtype == "BF16":
            numbers = (numbers.astype("<u4") << 16).view("<f4")
        with np.errstate(over="ignore", invalid="ignore"):
            halves = numbers.astype("<f2")
        if not is_finite(HALF, halves.data):
            fault = "holds a NaN or an infinity"
            if is_finite(one.dtype, block):
                fault = f"reaches {float(np.abs(numbers).max()):.4g}: fp16 ends at 65504"
            raise PackagingError(f"{file}: {one.name} {fault}")
        yield halves
