"""`python -m benchmarks.image.run analyze|model ROOT`: runs an image's root and observes it.

Reads the image's configuration from standard input and writes what it observes to standard output, as JSON.
The service gets an emulator's stores and a fake model; the model server gets the demo model's archive.
"""

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
from PIL import Image

from benchmarks.emulated_stores import free_ports, stores
from benchmarks.image.container import PORT, READY_WITHIN_S, Container, bring_up_loopback, observe
from benchmarks.local_service import access_token, service_variables, start_app
from catalogue import DRAWN, load
from local.home import REPOSITORY, Home
from local.supervisor import processes
from services.core.domain.observation import Observation
from services.core.vision.endpoint import RealtimeVisionEndpoint

SERVICE_STARTS, MODEL_STARTS = 5, 3
PLACE = "/opt/ml/model"
SCRATCH = ("/tmp",)  # noqa: S108 - inside the container
PHOTO = REPOSITORY / "examples" / "photos" / "drawn-mug.jpg"
HELD_S = 2.0
# The archive's handlers; the first photo, the warm-up's, is encoded once a named pipe is closed.
HOLD = f"""
import scoring
from archive_inference import input_fn, model_fn, output_fn, predict_fn

encode = scoring.Scorer.encode


def held(*given):
    with open("{PLACE}/gate") as gate:
        gate.read()
    scoring.Scorer.encode = encode
    return encode(*given)


scoring.Scorer.encode = held
"""


def main() -> None:
    """Run the image that the arguments name."""
    bring_up_loopback()
    run = {"analyze": _run_service, "model": _run_model}[sys.argv[1]]
    print(json.dumps(run(Path(sys.argv[2]), json.load(sys.stdin))))  # noqa: T201


def _run_service(root: Path, config: dict[str, Any]) -> dict[str, Any]:
    """Start the service several times and post photos to it."""
    with tempfile.TemporaryDirectory(prefix="analyze-image-") as work, stores() as stores_port:
        home = Home(Path(work))
        home.create()
        (fakes_port,) = free_ports(1)
        try:
            start_app(home, "fakes", fakes_port, {})
            variables = service_variables(stores_port, fakes_port)
            container = Container(root, config, "/healthz", variables=variables)
            return observe(container, SERVICE_STARTS, _post_photos)
        finally:
            processes.stop(home)


def _post_photos() -> dict[str, int]:
    return {"photos_answered": sum(_post_photo(kind) == 200 for kind in ("JPEG", "PNG"))}


def _post_photo(kind: str) -> int:
    photo = BytesIO()
    Image.effect_noise((1200, 900), 40).convert("RGB").save(photo, kind)
    with httpx2.Client(trust_env=False, timeout=30) as client:
        return client.post(
            f"http://127.0.0.1:{PORT}/analyze",
            headers={"Authorization": f"Bearer {access_token('ana')}"},
            files={"images": photo.getvalue()},
        ).status_code


def _run_model(root: Path, config: dict[str, Any]) -> dict[str, Any]:
    """Start the server as SageMaker does: as it is, with a held-up warm-up, and with a broken model."""
    with tempfile.TemporaryDirectory(prefix="model-image-") as work:
        model = _archive(Path(work))
        place = {PLACE: model}
        container = Container(root, config, "/ping", command=("serve",), mounts=place, scratch=SCRATCH)
        return {
            **observe(container, MODEL_STARTS, _ask_model),
            **_before_the_warm_up(replace(container, mounts={PLACE: _held(model)})),
            "broken": _broken(replace(container, mounts={PLACE: _cut_short(model)})),
        }


def _archive(work: Path) -> Path:
    archive, folder = work / "blip2-endpoint.tar.gz", work / "model"
    package = [sys.executable, "-m", "model_artifacts.blip2", "package", "--out", str(archive)]
    subprocess.run(package, cwd=REPOSITORY, stdout=sys.stderr, check=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


class _Runtime:
    """Answers like SageMaker's runtime client, so that the service's own endpoint code sends and parses."""

    def invoke_endpoint(self, *, Body: bytes, **_named: str) -> dict[str, Any]:  # noqa: N803 boto3's names
        return {"Body": BytesIO(_post(Body).raise_for_status().content)}


_ENDPOINT = RealtimeVisionEndpoint(cast("Any", _Runtime()), "image", load(DRAWN))


def _ask_model() -> dict[str, Any]:
    begun = time.monotonic()
    first = _observe(1)
    first_answer_s = time.monotonic() - begun
    answered = 1 + len(_observe(8).wear)
    bad = [_post(b"{}"), _post(b"\xff\xd8", "image/jpeg")]
    # Refused requests must not change later answers.
    if _observe(1) != first:
        sys.exit("The server's answer changes after bad requests.")
    return {
        "first_answer_s": round(first_answer_s, 3),
        "photos_answered": answered,
        "refused": sum(400 <= reply.status_code < 500 for reply in bad),
        "caption": first.caption,
        "type": first.kinds[0].id,
    }


def _observe(photos: int) -> Observation:
    return _ENDPOINT.observe([PHOTO.read_bytes()] * photos)


def _post(body: bytes, kind: str = "application/json") -> httpx2.Response:
    with httpx2.Client(trust_env=False, timeout=READY_WITHIN_S) as client:
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
    """Count pings and their answers while the warm-up is held up; then wait until the server answers."""
    gate, asked, answered = None, 0, 0
    begun = time.monotonic()
    with container.started() as process:
        until = begun + READY_WITHIN_S
        while time.monotonic() < until:
            asked, answered = asked + 1, answered + container.answers()
            if gate is None and (gate := _opened(container.mounts[PLACE] / "gate")) is not None:
                until = time.monotonic() + HELD_S
            time.sleep(0.05)
        if gate is None:
            sys.exit("The server does not reach the warm-up.")
        os.close(gate)
        while not container.answers():
            if process.poll() is not None or time.monotonic() > until + READY_WITHIN_S:
                sys.exit("The server does not answer after the warm-up.")
            time.sleep(0.05)
    return {"pings_before_warm_up": asked, "answered_before_warm_up": answered}


def _opened(gate: Path) -> int | None:
    """Open the pipe's writing end; None until the warm-up reads from it, which ends when it is closed."""
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
        until = time.monotonic() + READY_WITHIN_S
        while process.poll() is None and time.monotonic() < until:
            answered += container.answers()
            time.sleep(0.05)
        code = process.poll()
    return {"answered": answered, "exit_code": code or 0}


if __name__ == "__main__":
    main()
