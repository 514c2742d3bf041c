"""Serve the model in SM_MODEL_DIR by its own `code/inference.py`.

It listens once the model has loaded and warmed up, so that /ping never answers for a model that cannot.
"""

import argparse
import logging
import os
import sys
from pathlib import Path

import uvicorn

from .app import create_app
from .handlers import load


def main() -> None:
    """Load the model, then serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("serve", nargs="?", choices=["serve"], help="the word that SageMaker starts with")
    # A container is reached from outside itself; its network is what limits who may.
    parser.add_argument("--host", default="0.0.0.0", help="default: %(default)s")  # noqa: S104
    parser.add_argument("--port", type=int, default=8080, help="default: %(default)s")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    model_dir = Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    app = create_app(load(model_dir / "code", model_dir))
    uvicorn.run(app, host=options.host, port=options.port, access_log=False, log_level="info")


if __name__ == "__main__":
    main()
