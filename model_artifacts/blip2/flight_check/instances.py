"""The memory of the instances that the model is meant for, from AWS's pages of SageMaker's instance types."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Instance:
    """Where the weights go: a GPU's memory, or the machine's own."""

    memory_gb: float
    gpu: bool = False


INSTANCES = {
    "ml.t2.medium": Instance(4),
    "ml.m5.large": Instance(8),
    "ml.m5.xlarge": Instance(16),
    "ml.m5.2xlarge": Instance(32),
    "ml.g4dn.xlarge": Instance(16, gpu=True),
    "ml.g5.xlarge": Instance(24, gpu=True),
    "ml.g6.xlarge": Instance(24, gpu=True),
}


def needed_gb(weights: int, instance: Instance) -> float:
    """What `weights` bytes in half precision take when loaded, with the room to work in.

    A CPU computes in single precision, twice the bytes. On a GPU some parts stay single: 7.75 GB on disk were
    8.97 GB loaded.
    """
    return weights * 1.16 / 1e9 + 1.5 if instance.gpu else weights * 2 / 1e9 + 0.6
