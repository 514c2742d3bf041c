"""The model endpoint on this machine: the container's own server on loopback, with a model of your choice.

The port opens after the model has loaded and warmed up, so /ping answers only when the model can.
"""

import gc
import logging
import os
import tempfile
from pathlib import Path

import click
import uvicorn

from local.home import REPOSITORY
from model_artifacts.blip2.server.app import create_app
from model_artifacts.blip2.server.handlers import load
from model_artifacts.blip2.server.request_log import configure_logging
from model_artifacts.blip2.tools import catalogue_file

logger = logging.getLogger(__name__)
ARTIFACT = REPOSITORY / "model_artifacts" / "blip2"


def model_folder(model: str) -> Path:
    """Return the folder of a model given as a folder or as a hub id to download; exit for other values."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder.resolve()
    if model.startswith((".", "/", "~")) or model.count("/") != 1:
        raise SystemExit(
            f"MODEL is {model!r}, which is neither a folder nor a hub id of the form owner/name. "
            "Set it to one of the two, or unset it for the demo model."
        )
    os.environ.pop("HF_HUB_OFFLINE", None)  # set for every process; huggingface_hub reads it on import
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(model))


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--model", default=str(ARTIFACT / "model"), help="A folder, or the hub id of any BLIP-2.")
@click.option("--catalogue", help="drawn, photo or second_hand; default: the model's own, else second_hand.")
def main(port: int, model: str, catalogue: str | None) -> None:
    """Load the model, then serve it on 127.0.0.1."""
    configure_logging()
    # The objects of torch and the model live until the end: a collection meanwhile frees next to nothing.
    gc.disable()
    # The last line of the log is what `local up` shows while it waits.
    logger.info("importing torch and transformers; the first time, Python compiles them to bytecode")
    with tempfile.TemporaryDirectory(prefix="vitrine-model-") as work:
        # A model of the hub has no catalogue in its tokens yet.
        folder = catalogue_file.completed(model_folder(model), catalogue, Path(work))
        handlers = load(ARTIFACT / "code", folder)
        gc.freeze()
        gc.enable()
        uvicorn.run(create_app(handlers, state=handlers.state), port=port, access_log=False)


if __name__ == "__main__":
    main()
