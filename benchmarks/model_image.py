"""Run the root of the model server's image with the demo's archive in place; standard output gets JSON."""

import errno
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import httpx2

from benchmarks.container import PATIENCE_S, PORT, Container, bring_up_loopback, observe
from local.home import REPOSITORY
from services.core.domain.observation import Observation
from services.core.vision.endpoint import RealtimeVisionEndpoint

STARTS = 3
PLACE = "/opt/ml/model"
SCRATCH = ("/tmp",)  # noqa: S108 of a container of its own
PHOTO = REPOSITORY / "examples" / "photos" / "drawn-mug.jpg"
HELD_S = 2.0
# The archive's handlers, but their first look at a photo, the warm-up's, waits at a gate.
HOLD = f"""
import scoring
from archive_inference import input_fn, model_fn, output_fn, predict_fn

look = scoring.Scorer.look


def held(*given):
    with open("{PLACE}/gate") as gate:
        gate.read()
    scoring.Scorer.look = look
    return look(*given)


scoring.Scorer.look = held
"""


def main() -> None:
    """Start the root that is named as SageMaker does, sound, held up, and with a model that is broken."""
    bring_up_loopback()
    root, config = Path(sys.argv[1]), json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="model-image-") as work:
        model = _archive(Path(work))
        place = {PLACE: model}
        container = Container(root, config, "/ping", command=("serve",), mounts=place, scratch=SCRATCH)
        found = {
            **observe(container, STARTS, _ask),
            **_before_the_warm_up(replace(container, mounts={PLACE: _held(model)})),
            "broken": _broken(replace(container, mounts={PLACE: _cut_short(model)})),
        }
        print(json.dumps(found))  # noqa: T201


def _archive(work: Path) -> Path:
    archive, folder = work / "blip2-endpoint.tar.gz", work / "model"
    package = [sys.executable, "-m", "model_artifacts.blip2", "package", "--out", str(archive)]
    subprocess.run(package, cwd=REPOSITORY, stdout=sys.stderr, check=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


class _Runtime:
    """Answers as SageMaker's runtime client does, so that the service's own code asks and judges."""

    def invoke_endpoint(self, *, Body: bytes, **_named: str) -> dict[str, Any]:  # noqa: N803 boto3's names
        return {"Body": BytesIO(_post(Body).raise_for_status().content)}


def _ask() -> dict[str, Any]:
    begun = time.monotonic()
    first = _look(1)
    first_answer_s = time.monotonic() - begun
    answered = 1 + len(_look(8).wear)
    bad = [_post(b"{}"), _post(b"\xff\xd8", "image/jpeg")]
    # After what it refused, it answers as before.
    if _look(1) != first:
        sys.exit("The server answers otherwise after bad requests.")
    return {
        "first_answer_s": round(first_answer_s, 3),
        "photos_answered": answered,
        "refused": sum(400 <= reply.status_code < 500 for reply in bad),
        "caption": first.caption,
        "type": max(first.type, key=first.type.__getitem__),
    }


def _look(photos: int) -> Observation:
    return RealtimeVisionEndpoint(cast("Any", _Runtime()), "image").observe([PHOTO.read_bytes()] * photos)


def _post(body: bytes, kind: str = "application/json") -> httpx2.Response:
    with httpx2.Client(trust_env=False, timeout=PATIENCE_S) as client:
        return client.post(
            f"http://127.0.0.1:{PORT}/invocations", content=body, headers={"Content-Type": kind}
        )


def _held(model: Path) -> Path:
    folder = shutil.copytree(model, model.with_name("held"))
    (folder / "code" / "inference.py").rename(folder / "code" / "archive_inference.py")
    (folder / "code" / "inference.py").write_text(HOLD)
    os.mkfifo(folder / "gate", 0o644)
    return folder


def _before_the_warm_up(container: Container) -> dict[str, int]:
    """How often /ping was asked and answered before the warm-up could pass its gate; then it answers."""
    gate, asked, answered = None, 0, 0
    begun = time.monotonic()
    with container.started() as process:
        until = begun + PATIENCE_S
        while time.monotonic() < until:
            asked, answered = asked + 1, answered + container.answers()
            if gate is None and (gate := _opened(container.mounts[PLACE] / "gate")) is not None:
                until = time.monotonic() + HELD_S
            time.sleep(0.05)
        if gate is None:
            sys.exit("The server never came to the warm-up.")
        os.close(gate)
        while not container.answers():
            if process.poll() is not None or time.monotonic() > until + PATIENCE_S:
                sys.exit("The server does not answer after the warm-up.")
            time.sleep(0.05)
    return {"pings_before_warm_up": asked, "answered_before_warm_up": answered}


def _opened(gate: Path) -> int | None:
    """The gate's writing end once somebody waits at it; they wait until it is closed."""
    try:
        return os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None


def _cut_short(model: Path) -> Path:
    folder = shutil.copytree(model, model.with_name("cut"))
    weights = folder / "model.safetensors"
    os.truncate(weights, weights.stat().st_size // 2)
    return folder


def _broken(container: Container) -> dict[str, int]:
    answered = 0
    with container.started(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < until:
            answered += container.answers()
            time.sleep(0.05)
        code = process.poll()
    return {"answered": answered, "exit_code": code or 0}


if __name__ == "__main__":
    main()
