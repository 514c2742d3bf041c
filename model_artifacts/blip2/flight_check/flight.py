"""An unpacked archive behind the image's own server on loopback, asked about a known photo."""

import base64
import json
import math
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from . import refusals

_ARTIFACT = Path(__file__).parents[1]
_PHOTO = _ARTIFACT.parents[1] / "examples" / "photos" / "drawn-mug.jpg"
_START_S = 600


def questions(folder: Path) -> list[dict[str, Any]]:
    """The questions of the archive's vocabulary; those about a tag are sets."""
    words = json.loads((folder / "vocabulary.json").read_text("utf-8"))
    return [
        {
            "id": name,
            "kind": "set" if "{tag}" in one["question"] else "choice",
            "text": one["question"],
            "candidates": one["candidates"],
        }
        for name, one in words.items()
        if name != "version"
    ]


def fly(folder: Path, python: Path) -> list[str]:
    """Serve with that interpreter, warm, ask; what was measured and said."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.monotonic()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "OMP_NUM_THREADS") if name in os.environ},
        "SM_MODEL_DIR": str(folder),
        "HF_HUB_OFFLINE": "1",
    }
    command = [str(python), "-m", "server", "--host", "127.0.0.1"]
    with (
        _server_alone() as place,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log,
        subprocess.Popen(  # noqa: S603 our own server
            [*command, "--port", str(port)],
            cwd=place,
            env=environment,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            while not _answers(f"http://127.0.0.1:{port}/ping"):
                if process.poll() is not None or time.monotonic() - begun > _START_S:
                    log.seek(0)
                    said = (log.read().strip().splitlines() or ["it says nothing"])[-1]
                    failed = "ImportError" in said or "ModuleNotFoundError" in said or "SyntaxError" in said
                    raise (refusals.ImportFailedError if failed else refusals.NotServingError)(
                        f"code/inference.py: cannot be {'imported' if failed else 'served'}: {said}"
                    )
                time.sleep(0.1)
            started = time.monotonic() - begun
            asked = questions(folder)
            photo = base64.b64encode(_PHOTO.read_bytes()).decode()
            body = json.dumps({"photos": [photo], "questions": asked}).encode()
            begun = time.monotonic()
            answer = _ask(f"http://127.0.0.1:{port}/invocations", body)
            took = time.monotonic() - begun
            contract(answer, asked, photos=1)
            memory = psutil.Process(process.pid).memory_info().rss
        finally:
            process.kill()
    disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return [
        f"memory {memory / 1e6:,.0f} MB, disk {disk / 1e6:,.1f} MB",
        f"ready after {started:.1f} s, first answer {took:.2f} s",
        f"{answer['artifact']}: {answer['caption']}",
    ]


@contextmanager
def _server_alone() -> Iterator[str]:
    """A folder with the server alone: nothing of ours may stand in for a package that is missing."""
    with tempfile.TemporaryDirectory(prefix="blip2-server-") as place:
        (Path(place) / "server").symlink_to(_ARTIFACT / "server")
        yield place


def contract(answer: Any, asked: list[dict[str, Any]], photos: int) -> None:
    """Raise WrongShapeError unless every question is answered for every photo and candidate."""
    try:
        found = {one["id"]: one["scores"] for one in answer["answers"]}
        fits = isinstance(answer["caption"], str) and isinstance(answer["artifact"], str)
        for one in asked:
            scores = found[one["id"]]
            fits &= len(scores) == photos
            for score in scores:
                fits &= set(score) == set(one["candidates"])
                fits &= all(math.isfinite(share) and 0 <= share <= 1 for share in score.values())
                fits &= one["kind"] == "set" or abs(sum(score.values()) - 1) < 1e-3
    except (KeyError, TypeError, AttributeError) as error:
        raise refusals.WrongShapeError(f"the answer breaks the contract: {error!r}") from error
    if not fits:
        raise refusals.WrongShapeError(
            "the answer breaks the contract: scores, caption or artifact are wrong"
        )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 loopback
            return True
    except OSError:
        return False


def _ask(url: str, body: bytes) -> Any:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 loopback
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
            return json.load(reply)
    except (OSError, ValueError) as error:
        raise refusals.WrongShapeError(f"the handlers do not answer a known photo: {error}") from error
