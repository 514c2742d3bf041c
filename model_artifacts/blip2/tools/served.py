"""An unpacked archive served on loopback, so that the service's own code can ask it.

The server is a process of its own: two archives hold modules of the same names, and none of ours may stand
in for what an archive lacks.
"""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from .loopback import free_ports, open_url, read
from .unpacked import ArchiveError, Unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARTIFACT = Path(__file__).resolve().parents[1]
_START_S = 600
_ANSWER_S = 60
# What goes on to a server of the environment that this one runs in.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "JAVA_HOME", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
_FAULT = re.compile(r"(?:^|- )((?:\w+\.)*\w*(?:Error|Exception)\b: .+)$", re.MULTILINE)


class ImportFailedError(ArchiveError):
    """The handlers cannot be imported."""


class NotServingError(ArchiveError):
    """The server ended before it was ready, or was not ready in time."""


class NotAnsweringError(ArchiveError):
    """The handlers refuse a request or fail on it, or the server ends over it."""


@dataclass(frozen=True)
class Server:
    """How a server is started, and where it answers."""

    command: tuple[str, ...]
    environment: dict[str, str]
    invocations: str
    ready: Callable[[], bool]


Launch = Callable[[Path, Path, Path], Server]
"""From an empty working folder, the model's folder and an interpreter to the server of that model."""


@dataclass(frozen=True)
class Runtime:
    """Answers as SageMaker's runtime client does."""

    name: Path
    server: Server
    process: subprocess.Popen[bytes]
    log: Path
    ready_after_s: float

    def invoke_endpoint(self, *, Body: bytes, **_named: str) -> dict[str, io.BytesIO]:  # noqa: N803 boto3's
        """The handlers' answer to one JSON request; raises NotAnsweringError where there is none."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        request = urllib.request.Request(self.server.invocations, Body, headers)  # noqa: S310 loopback
        try:
            with open_url(request, _ANSWER_S) as reply:
                return {"Body": io.BytesIO(reply.read())}
        except urllib.error.HTTPError as error:
            if error.code < 500:
                problem = f"its handlers refuse the request: {error.read().decode(errors='replace')}"
            else:
                problem = f"its handlers fail on the request: {_said(self.log)}"
        except (OSError, HTTPException):
            problem = f"its handlers give no answer: {_said(self.log)}"
        raise NotAnsweringError(f"{self.name}: {problem}")


def own_server(place: Path, model: Path, python: Path) -> Server:
    """The server of our own image: ready once the model has answered its warm-up."""
    (place / "server").symlink_to(_ARTIFACT / "server")
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    return Server(
        command=(str(python), "-m", "server", "--host", "127.0.0.1", "--port", str(port)),
        environment={"SM_MODEL_DIR": str(model)},
        invocations=f"{address}/invocations",
        ready=lambda: read(f"{address}/ping") is not None,
    )


@contextmanager
def serving(model: Unpacked, python: Path, launch: Launch = own_server) -> Iterator[Runtime]:
    """Serve by an interpreter's packages until the context ends: one model in memory at a time.

    Raises ImportFailedError or NotServingError with what the server said last.
    """
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="blip2-server-")))
        server = launch(place, model.folder, python)
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        begun = time.monotonic()
        with (place / "server.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 our own server
                server.command,
                cwd=place,
                env=passed | {"HF_HUB_OFFLINE": "1"} | server.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        stack.callback(_end, process)
        while not server.ready():
            if process.poll() is not None or time.monotonic() - begun > _START_S:
                raise _not_started(model.archive, _said(place / "server.log"))
            time.sleep(0.1)
        yield Runtime(model.archive, server, process, place / "server.log", time.monotonic() - begun)


def _end(process: subprocess.Popen[bytes]) -> None:
    # Whatever it started, too: TorchServe is three processes.
    with suppress(ProcessLookupError, PermissionError):  # ended already
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _not_started(archive: Path, said: str) -> ArchiveError:
    if said.startswith(("ImportError", "ModuleNotFoundError", "SyntaxError")):
        return ImportFailedError(f"{archive}: code/inference.py cannot be imported: {said}")
    return NotServingError(f"{archive}: code/inference.py cannot be served: {said}")


def _said(log: Path) -> str:
    text = log.read_text("utf-8", errors="replace").strip()
    faults = _FAULT.findall(text)
    return faults[-1] if faults else (text.splitlines() or ["it says nothing"])[-1]
