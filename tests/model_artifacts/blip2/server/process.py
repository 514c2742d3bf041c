"""Starts the server as the image does: a process of its own, in a folder without the repository."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from model_artifacts.blip2_demo import MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTIFACT = Path(__file__).parents[4] / "model_artifacts" / "blip2"


@contextmanager
def serving(*arguments: str, model: Path = MODEL) -> Iterator[httpx2.Client]:
    """A client of a ready server; raises RuntimeError if the server ends first or does not listen."""
    with tempfile.TemporaryDirectory(prefix="blip2-server-") as place:
        folder, image = Path(place) / "model", Path(place) / "image"
        folder.mkdir()
        image.mkdir()
        for file in model.iterdir():
            (folder / file.name).symlink_to(file)
        (folder / "code").symlink_to(ARTIFACT / "code")
        (image / "server").symlink_to(ARTIFACT / "server")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "server", "--host", "127.0.0.1", "--port", str(port), *arguments]
        environment = {**os.environ, "SM_MODEL_DIR": str(folder), "HF_HUB_OFFLINE": "1"}
        with (
            subprocess.Popen(command, cwd=image, env=environment) as process,
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        ):
            try:
                _until_ready(client, process)
                yield client
            finally:
                process.terminate()


def _until_ready(client: httpx2.Client, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}; its log says why")
        try:
            if client.get("/ping").status_code == 200:
                return
        except httpx2.ConnectError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the server does not listen after a minute")
