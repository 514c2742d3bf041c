"""Bodies that no service of ours sends: refused with a reason and no traceback, by a server that lives on."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

REPOSITORY = Path(__file__).parents[3]
ARTIFACT = REPOSITORY / "model_artifacts" / "blip2"
PHOTO = base64.b64encode((REPOSITORY / "examples" / "photos" / "drawn-mug.jpg").read_bytes()).decode()


def _body(photos: int = 1, photo: str = PHOTO, kind: str = "choice") -> dict[str, Any]:
    vocabulary = json.loads((REPOSITORY / "services" / "core" / "vocabulary.json").read_text())["type"]
    question = {
        "id": "type",
        "kind": kind,
        "text": vocabulary["question"],
        "candidates": vocabulary["candidates"],
    }
    return {"photos": [photo] * photos, "questions": [question]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    folder = tmp_path_factory.mktemp("model")
    for file in (ARTIFACT / "demo" / "model").iterdir():
        (folder / file.name).symlink_to(file)
    (folder / "code").symlink_to(ARTIFACT / "code")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    image = tmp_path_factory.mktemp("image")  # where `server` stands alone
    (image / "server").symlink_to(ARTIFACT / "server")
    with (
        subprocess.Popen(
            [sys.executable, "-m", "server", "--host", "127.0.0.1", "--port", str(port)],
            cwd=image,
            env={**os.environ, "SM_MODEL_DIR": str(folder), "HF_HUB_OFFLINE": "1"},
        ) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        try:
            _until_ready(client, process)
            yield client
        finally:
            process.terminate()


def _until_ready(client: httpx2.Client, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None
        try:
            assert client.get("/ping").status_code == 200
        except httpx2.ConnectError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server does not listen")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "reason"),
    [
        (_body(photos=0), "application/json", 400, "photos"),
        (_body(photos=9), "application/json", 400, "photos"),
        (_body(photo=PHOTO[:400]), "application/json", 400, "not a JPEG"),
        (_body(kind="essay"), "application/json", 400, "kind"),
        (_body(), "image/jpeg", 415, "application/json"),
        ({"photos": ["0" * 7_000_000]}, "application/json", 413, "6,553,500"),
    ],
    ids=["no photo", "nine photos", "broken JPEG", "unknown question", "wrong content type", "7 MB"],
)
def test_a_bad_body_is_refused_with_a_reason_and_the_worker_lives_on(
    server: httpx2.Client, body: dict[str, Any], content_type: str, status: int, reason: str
) -> None:
    refused = server.post("/invocations", content=json.dumps(body), headers={"content-type": content_type})
    assert (refused.status_code, reason in refused.text) == (status, True), refused.text
    assert "Traceback" not in refused.text
    assert server.post("/invocations", json=_body()).status_code == 200
