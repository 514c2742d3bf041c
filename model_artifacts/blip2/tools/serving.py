"""Serves an unpacked archive on loopback; `Runtime` has the interface of SageMaker's runtime client.

The server is a process of its own: two archives contain modules of the same names, and a module of this
repository must not replace one that an archive lacks.
"""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from .errors import ArchiveError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .archive import UnpackedArchive

_ARTIFACT = Path(__file__).resolve().parents[1]
_START_S = 600
_ANSWER_S = 60
# `trust_env=False` below: a proxy of the caller's shell must not be asked for loopback.
# The variables of this process that the server gets.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "JAVA_HOME", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
# A line of our own server, and what Python and TorchServe write.
_LOGGED_FAULT = re.compile(r'"error": "(\w+)", "reason": "((?:[^"\\]|\\.)*)"')
_FAULT = re.compile(r"(?:^|- )((?:\w+\.)*\w*(?:Error|Exception)\b: .+)$", re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """A server's command, its environment, its URL for requests, and whether it is ready."""

    command: tuple[str, ...]
    environment: dict[str, str]
    invocations: str
    ready: Callable[[], bool]


Launch = Callable[[Path, Path, Path], Server]
"""Makes a server of an empty working folder, the model's folder and an interpreter."""


@dataclass(frozen=True)
class Runtime:
    """A running server; answers as SageMaker's runtime client does."""

    name: Path
    server: Server
    process: subprocess.Popen[bytes]
    log: Path
    ready_after_s: float

    def invoke_endpoint(self, *, Body: bytes, **_named: str) -> dict[str, io.BytesIO]:  # noqa: N803 boto3's
        """The handlers' answer to one JSON request; raises ArchiveError if they refuse it or fail."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        try:
            reply = httpx2.post(
                self.server.invocations, content=Body, headers=headers, timeout=_ANSWER_S, trust_env=False
            )
        except httpx2.HTTPError:
            problem = f"its handlers give no answer: {_last_error(self.log)}"
        else:
            if reply.is_success:
                return {"Body": io.BytesIO(reply.content)}
            problem = f"its handlers refuse the request: {reply.text}"
            if reply.is_server_error:
                problem = f"its handlers fail on the request: {_last_error(self.log)}"
        raise ArchiveError(Fault.NOT_ANSWERING, f"{self.name}: {problem}")


def own_server(place: Path, model: Path, python: Path) -> Server:
    """The server of our own image, which is ready once the model has answered its warm-up."""
    (place / "server").symlink_to(_ARTIFACT / "server")
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    return Server(
        command=(str(python), "-m", "server", "--host", "127.0.0.1", "--port", str(port)),
        environment={"SM_MODEL_DIR": str(model)},
        invocations=f"{address}/invocations",
        ready=lambda: get(f"{address}/ping") is not None,
    )


@contextmanager
def serving(model: UnpackedArchive, python: Path, launch: Launch = own_server) -> Iterator[Runtime]:
    """Serve a model with the packages of an interpreter until the context ends.

    Raises ArchiveError with the last error in the server's log.
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
                raise _not_started(model.archive, _last_error(place / "server.log"))
            time.sleep(0.1)
        yield Runtime(model.archive, server, process, place / "server.log", time.monotonic() - begun)


def _end(process: subprocess.Popen[bytes]) -> None:
    # With its child processes: TorchServe has two.
    with suppress(ProcessLookupError, PermissionError):  # ended already
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _not_started(archive: Path, error: str) -> ArchiveError:
    if error.startswith(("ImportError", "ModuleNotFoundError", "SyntaxError")):
        return ArchiveError(Fault.IMPORT_FAILED, f"{archive}: code/inference.py cannot be imported: {error}")
    return ArchiveError(Fault.NOT_SERVING, f"{archive}: code/inference.py cannot be served: {error}")


def _last_error(log: Path) -> str:
    text = log.read_text("utf-8", errors="replace").strip()
    faults = [*_FAULT.findall(text), *(f"{kind}: {why}" for kind, why in _LOGGED_FAULT.findall(text))]
    return faults[-1] if faults else (text.splitlines() or ["its log is empty"])[-1]


def free_ports(count: int) -> list[int]:
    """As many unused ports of loopback."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def get(url: str) -> bytes | None:
    """The body that a server on loopback answers to GET; None if it does not answer, or with an error."""
    try:
        reply = httpx2.get(url, timeout=5, trust_env=False)
    except httpx2.HTTPError:
        return None
    return reply.content if reply.is_success else None
