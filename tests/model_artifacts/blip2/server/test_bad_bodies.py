"""Invalid bodies are refused with a reason and no traceback, and the server goes on."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

import catalogue
from benchmarks.model.server import serving

pytestmark = pytest.mark.system
REPOSITORY = Path(__file__).parents[4]
VERSION = catalogue.load(catalogue.DRAWN).version
PHOTO = base64.b64encode((REPOSITORY / "examples" / "photos" / "drawn-mug.jpg").read_bytes()).decode()


def _body(photos: int = 1, photo: str = PHOTO, **other: object) -> dict[str, Any]:
    asked = {"catalogue": VERSION, "departments": ["drawn"], "questions": ["type", "wear"]}
    return {"photos": [photo] * photos, **asked, **other}


@pytest.fixture(scope="module")
def server() -> Iterator[httpx2.Client]:
    with serving("--batch-up-to", "3", "--batch-wait-ms", "1000") as client:
        yield client


@pytest.mark.parametrize(
    ("body", "content_type", "status", "reason"),
    [
        (_body(photos=0), "application/json", 400, "photos"),
        (_body(photos=9), "application/json", 400, "photos"),
        (_body(photo=PHOTO[:400]), "application/json", 400, "not a JPEG"),
        (_body(questions=["type", "price"]), "application/json", 400, "questions[1]"),
        (_body(catalogue="f" * 16), "application/json", 400, "CatalogueMismatch: "),
        (_body(), "image/jpeg", 415, "application/json"),
        ({"photos": ["0" * 7_000_000]}, "application/json", 413, "6,553,500"),
    ],
    ids=[
        "no photo",
        "nine photos",
        "broken JPEG",
        "unknown question",
        "other catalogue",
        "wrong content type",
        "7 MB",
    ],
)
def test_invalid_body_is_refused(
    server: httpx2.Client, body: dict[str, Any], content_type: str, status: int, reason: str
) -> None:
    refused = server.post("/invocations", content=json.dumps(body), headers={"content-type": content_type})
    assert (refused.status_code, reason in refused.text) == (status, True), refused.text
    assert "Traceback" not in refused.text
    assert server.post("/invocations", json=_body()).status_code == 200


def test_invalid_body_leaves_batch_answered(server: httpx2.Client) -> None:
    alone = server.post("/invocations", json=_body()).json()

    with ThreadPoolExecutor(3) as callers:
        bodies = [_body(), _body(photos=9), _body(photos=2)]
        answers = list(callers.map(lambda body: server.post("/invocations", json=body), bodies))

    assert [answer.status_code for answer in answers] == [200, 400, 200]
    assert answers[1].text == "photos: must be a list of 1 to 8 entries, not 9 entries"
    for answer in (answers[0].json(), answers[2].json()):
        assert answer["caption"] == alone["caption"]
        for one, other in zip(answer["kinds"], alone["kinds"], strict=True):
            assert one == {**other, "p": pytest.approx(other["p"], abs=1e-4)}
