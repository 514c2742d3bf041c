"""Serve the model in SM_MODEL_DIR by its own `code/inference.py`.

It listens once the model has loaded and warmed up, so that /ping answers only for a model that works.
"""

import argparse
import os
from pathlib import Path

import uvicorn

from .app import create_app
from .batching import Batching
from .handlers import load
from .request_log import configure_logging

MOST = 32
LONGEST_MS = 1000
DEVICES = Path("/dev")


class UnusableGpuError(RuntimeError):
    """The machine has a GPU, and this image's torch cannot use it."""


def require_usable_gpu(devices: Path = DEVICES) -> None:
    """Raise UnusableGpuError if torch cannot use the machine's NVIDIA GPU and would answer from the CPU."""
    if not any(devices.glob("nvidia[0-9]*")):
        return
    import torch

    if not torch.cuda.is_available():
        raise UnusableGpuError(
            f"this machine has a GPU that torch {torch.__version__} cannot use: either it was built for a "
            "CPU, or the driver is older than its CUDA; see docs/model.md, Which image"
        )


def main() -> None:
    """Load the model, then serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("serve", nargs="?", choices=["serve"], help="SageMaker's start argument")
    # A container is reached from outside; its network limits the callers.
    parser.add_argument("--host", default="0.0.0.0", help="default: %(default)s")  # noqa: S104
    parser.add_argument("--port", type=int, default=8080, help="default: %(default)s")
    # SageMaker starts an image with `serve` alone, so there the environment configures it.
    parser.add_argument(
        "--batch-up-to",
        type=int,
        default=os.environ.get("BATCH_UP_TO", "1"),
        help="most requests in one prediction (default: BATCH_UP_TO, else 1: no batching)",
    )
    parser.add_argument(
        "--batch-wait-ms",
        type=float,
        default=os.environ.get("BATCH_WAIT_MS", "0"),
        help="how long a request waits for others while the model is idle (default: BATCH_WAIT_MS, else 0)",
    )
    options = parser.parse_args()
    if not 1 <= options.batch_up_to <= MOST:
        parser.error(f"--batch-up-to is {options.batch_up_to}; it is 1 to {MOST} requests")
    if not 0 <= options.batch_wait_ms <= LONGEST_MS:
        parser.error(f"--batch-wait-ms is {options.batch_wait_ms:g}; it is 0 to {LONGEST_MS} milliseconds")
    configure_logging()
    if options.serve:
        require_usable_gpu()
    model_dir = Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    batched = options.batch_up_to > 1
    handlers = load(model_dir / "code", model_dir, batching=batched)
    batching = Batching(handlers.answer_batch, options.batch_up_to, options.batch_wait_ms / 1000)
    app = create_app(handlers, batching if batched else None, handlers.state)
    uvicorn.run(app, host=options.host, port=options.port, access_log=False, log_level="info")


if __name__ == "__main__":
    main()
