"""The model server as a process, in a folder like the image's, with the demo model."""

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

from local.home import REPOSITORY
from local.supervisor.readiness import QUIET_S, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTIFACT = REPOSITORY / "model_artifacts" / "blip2"


@contextmanager
def serving(*arguments: str, model: Path = ARTIFACT / "model") -> Iterator[httpx2.Client]:
    """Run the server until the block ends; yield a client once it is ready.

    Raises RuntimeError when it ends early or is stuck.
    """
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
                _wait_ready(client, process)
                yield client
            finally:
                process.terminate()


def _wait_ready(client: httpx2.Client, process: subprocess.Popen[bytes]) -> None:
    progress = Progress(process.pid, Path(os.devnull))
    while progress.quiet_s() < QUIET_S:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}; its log says why")
        try:
            if client.get("/ping").status_code == 200:
                return
        except httpx2.ConnectError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the server is not ready and has done nothing for {QUIET_S:.0f} s")
