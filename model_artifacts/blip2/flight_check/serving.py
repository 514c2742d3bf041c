"""An unpacked archive behind the server of our own image, on loopback, and one question to it."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil

from services.core.assess import assess
from services.core.errors import VitrineError
from services.core.model import VisionModel
from services.core.photo import prepare

from .errors import RequirementMissing, StartFailed, WrongAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

BLIP2 = Path(__file__).resolve().parents[1]
_START_WITHIN_S = 1200
_ANSWER_WITHIN_S = 60


@dataclass(frozen=True)
class Served:
    """What the server took and said."""

    artifact: str
    said: str
    start_s: float
    answer_s: float
    memory_gb: float


class _Runtime:
    """SageMaker's runtime client over HTTP, so that the service's own code asks and judges the answer."""

    def __init__(self, url: str) -> None:
        self._url = url

    def invoke_endpoint(self, *, Body: bytes, ContentType: str, Accept: str, **_: str) -> dict[str, Any]:  # noqa: N803
        headers = {"Content-Type": ContentType, "Accept": Accept}
        request = urllib.request.Request(f"{self._url}/invocations", Body, headers)  # noqa: S310 loopback
        try:
            return {"Body": urllib.request.urlopen(request, timeout=_ANSWER_WITHIN_S)}  # noqa: S310
        except urllib.error.HTTPError as error:
            said = error.read(300).decode(errors="replace")
            raise WrongAnswer(f"/invocations: answered {error.code}: {said}") from None
        except OSError as error:
            raise WrongAnswer(f"/invocations: did not answer: {error}") from error


def ask(python: Path, model: Path, photo: Path) -> Served:
    """Serve the folder `model` with that interpreter, wait for /ping, and ask about the photo."""
    began = time.monotonic()
    with _server(python, model) as (process, url):
        start_s = time.monotonic() - began
        shown = prepare(photo.read_bytes(), str(photo)).seen
        began = time.monotonic()
        try:
            sight = VisionModel(cast("Any", _Runtime(url)), "flight-check").look([shown])
        except VitrineError as error:
            raise WrongAnswer(f"/invocations: {error}") from error
        answer_s = time.monotonic() - began
        memory = psutil.Process(process.pid).memory_info().rss
    kind, material = assess(sight).evidence[:2]
    said = ", ".join(f"{found.answer} ({found.confidence:.2f})" for found in (kind, material))
    return Served(sight.artifact, f"{said}: {sight.caption!r}", start_s, answer_s, memory / 1e9)


@contextmanager
def _server(python: Path, model: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(python), "-m", "server", "--host", "127.0.0.1", "--port", str(port)]
    # The server alone is on the path, so that nothing of the repository stands in for a missing package.
    variables = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(BLIP2),
        "SM_MODEL_DIR": str(model),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=variables, cwd=model, stdout=log, stderr=log)  # noqa: S603
        try:
            _wait(process, url, log)
            yield process, url
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Any) -> None:
    until = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            log.seek(0)
            said = log.read().decode(errors="replace").strip().splitlines() or ["it says nothing"]
            if "No module named" in said[-1]:
                raise RequirementMissing(f"code/requirements.txt: lacks what the handlers import: {said[-1]}")
            raise StartFailed(f"code/inference.py: the server ended before it answered /ping: {said[-1]}")
        try:
            with urllib.request.urlopen(f"{url}/ping", timeout=5):  # noqa: S310 loopback
                return
        except OSError:
            time.sleep(0.1)
    raise StartFailed(f"/ping: no answer within {_START_WITHIN_S} s")
