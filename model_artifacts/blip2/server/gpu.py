"""Checks that the machine's GPU is usable, so that a GPU endpoint does not answer from its CPU."""

from pathlib import Path

DEVICES = Path("/dev")


class UnusableGpuError(RuntimeError):
    """The machine has a GPU, and this image's torch cannot use it."""


def require_usable_gpu(devices: Path = DEVICES) -> None:
    """Raise UnusableGpuError if the machine has an NVIDIA GPU that torch cannot use."""
    if not any(devices.glob("nvidia[0-9]*")):
        return
    import torch

    if not torch.cuda.is_available():
        raise UnusableGpuError(
            f"this machine has a GPU that torch {torch.__version__} cannot use: either it was built for a "
            "CPU, or the driver is older than its CUDA; see docs/model.md, Which image"
        )
