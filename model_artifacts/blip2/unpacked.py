"""An archive that answers on this machine, in a process of its own that runs the archive's own handlers.

Two archives hold modules of the same names: one process could import only one of each.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

# A request and an answer a line. Whatever the handlers print goes to the log, not between the answers.
_PROGRAM = """
import json, os, sys
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
sys.path.insert(0, "code")
import inference
model = inference.model_fn(os.getcwd())
for line in sys.stdin:
    try:
        request = inference.input_fn(line, "application/json")
        answer, _ = inference.output_fn(inference.predict_fn(request, model), "application/json")
        print(json.dumps({"answer": answer}), file=answers, flush=True)
    except Exception as error:
        print(json.dumps({"error": getattr(error, "message", str(error))}), file=answers, flush=True)
"""


class ArchiveError(ArtifactError):
    """An archive cannot be unpacked, or does not answer; the message says which and why."""


class Runtime:
    """Answers as SageMaker's runtime client does, so that the service's own code can ask it."""

    def __init__(self, archive: Path, process: subprocess.Popen[str], log: TextIO) -> None:
        self._archive = archive
        self._process = process
        self._log = log

    def invoke_endpoint(self, *, Body: bytes, **_named: str) -> dict[str, Any]:  # noqa: N803 boto3's names
        """The handlers' answer to one JSON request."""
        assert self._process.stdin is not None  # noqa: S101 opened below
        assert self._process.stdout is not None  # noqa: S101
        try:
            self._process.stdin.write(f"{json.dumps(json.loads(Body))}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._log.seek(0)
            said = self._log.read().strip().splitlines() or ["it says nothing"]
            raise ArchiveError(f"{self._archive}: its handlers ended: {said[-1]}")
        reply = json.loads(line)
        if "error" in reply:
            raise ArchiveError(f"{self._archive}: its handlers refuse the request: {reply['error']}")
        return {"Body": io.BytesIO(reply["answer"].encode())}


@contextmanager
def serving(archive: Path) -> Iterator[Runtime]:
    """Unpack `archive` and run its handlers until the context ends: one model in memory at a time."""
    with (
        tempfile.TemporaryDirectory(prefix="blip2-unpacked-") as folder,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log,
    ):
        _unpack(archive, Path(folder))
        with subprocess.Popen(  # noqa: S603 our own program
            [sys.executable, "-c", _PROGRAM],
            cwd=folder,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
        ) as process:
            try:
                yield Runtime(archive, process, log)
            finally:
                process.kill()


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                # Packages inside are for the container's platform; this machine has its own.
                if member.name.count("/") <= 1:
                    tar.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveError(f"{archive}: cannot be unpacked: {error}") from error
    if not (folder / "code" / "inference.py").is_file():
        raise ArchiveError(f"{archive}: holds no code/inference.py")
