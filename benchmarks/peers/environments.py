"""The peers: how each is installed into an environment of its own, and started with one worker process."""

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.home import PYTHON, TOOLS

_PACKAGE = "benchmarks.peers"
_UV = TOOLS / "bootstrap" / "bin" / "uv"


@dataclass(frozen=True)
class Peer:
    """One service to compare with: its folder beside this file, its command after `python -m`, its variables.

    `{port}` in the command is the port that it listens on.
    """

    folder: str
    arguments: tuple[str, ...]
    health_path: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, python: Path, port: int) -> tuple[str, ...]:
        """Return the command that serves it on `port`."""
        return (str(python), "-m", *(argument.format(port=port) for argument in self.arguments))


_UVICORN = (
    *("uvicorn", f"{_PACKAGE}.plain_fastapi.service:app", "--port", "{port}"),
    *("--log-level", "warning", "--timeout-keep-alive", "75"),
)
PEERS: Mapping[str, Peer] = {
    "fastapi": Peer("plain_fastapi", _UVICORN, "/healthz", {"DECODE": "reduced"}),
    "fastapi_full": Peer("plain_fastapi", _UVICORN, "/healthz", {"DECODE": "full"}),
    "litserve": Peer("litserve", (f"{_PACKAGE}.litserve.service", "{port}"), "/health"),
    "bentoml": Peer(
        "bentoml",
        (
            *("bentoml", "serve", f"{_PACKAGE}.bentoml.service:Analyze"),
            *("--host", "127.0.0.1", "--port", "{port}"),
        ),
        "/readyz",
        {"BENTOML_DO_NOT_TRACK": "true"},
    ),
}


class NotInstalled(Exception):
    """A peer's packages cannot be installed here; the text is the last line of the installer."""


def python_of(folder: str) -> Path:
    """Return the interpreter of a peer's environment, made if need be; raises NotInstalled."""
    requirements = Path(__file__).parent / folder / "requirements.txt"
    home = TOOLS / "bench" / folder
    python, stamp = home / "bin" / "python", home / "requirements.sha256"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not (stamp.is_file() and stamp.read_text("utf-8") == digest):
        home.parent.mkdir(parents=True, exist_ok=True)
        _uv("venv", "--clear", "--python", str(PYTHON), str(home))
        _uv("pip", "install", "--compile-bytecode", "--python", str(python), "-r", str(requirements))
        stamp.write_text(digest, "utf-8")
    return python


def _uv(*arguments: str) -> None:
    done = subprocess.run([str(_UV), "--quiet", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotInstalled(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "uv failed")
