"""SageMaker's instance types: the memory for a model, and whether the disk is local to the instance."""

from __future__ import annotations

import re

# GiB of one GPU by family, in every size: a model uses one GPU.
_GPU_GIB = {"g4dn": 16, "g5": 24, "g6": 24, "g6e": 48}
_GPU_GIB |= {"p4d": 40, "p4de": 80, "p5": 80, "p5e": 141, "p5en": 141}
# GiB of the size "large" in families without a GPU (m5, c6i, r7g); larger sizes are multiples of it.
_LARGE_GIB = {"t": 8, "m": 8, "c": 4, "r": 16}
_SIZES = {"medium": 0.5, "large": 1.0, "xlarge": 2.0}

# Families with a local NVMe disk without a "d" behind the generation, which marks the others: m5d, g4dn.
_NVME_FAMILIES = {"g5", "g6", "g6e", "gr6", "g7e", "p5", "p5e", "p5en", "p6", "trn1", "trn1n", "trn2"}


def has_gpu(instance_type: str) -> bool:
    """Whether the instance has a GPU."""
    return _family(instance_type) in _GPU_GIB


def memory_gib(instance_type: str) -> float | None:
    """The memory for a model in GiB: one GPU's, or the machine's without a GPU; None if unknown."""
    family, size = _family(instance_type), instance_type.rpartition(".")[2]
    if family in _GPU_GIB:
        return _GPU_GIB[family]
    kind = re.fullmatch(r"([tmcr])\d[a-z]*", family)
    times = re.fullmatch(r"(\d+)xlarge", size)
    larges = 2.0 * int(times[1]) if times else _SIZES.get(size)
    return _LARGE_GIB[kind[1]] * larges if kind and larges else None


def has_local_disk(instance_type: str) -> bool:
    """Whether the instance stores the model on a local disk.

    Such a disk encrypts itself with a key that is deleted with the instance; SageMaker refuses an endpoint
    configuration with a KMS key for it.
    """
    family = _family(instance_type)
    generation = re.fullmatch(r"[a-z]+\d+([a-z]*)(-.*)?", family)
    return family.partition("-")[0] in _NVME_FAMILIES or bool(generation and "d" in generation[1])


def _family(instance_type: str) -> str:
    return instance_type.removeprefix("ml.").partition(".")[0]
