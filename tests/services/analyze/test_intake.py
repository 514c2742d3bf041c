from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from services.core.photos.photo import MAX_BODY_BYTES
from tests.services.analyze.conftest import World

Jpeg = Callable[..., bytes]
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def part(name: str, content: bytes, filename: str | None = "a.jpg") -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"


@pytest.mark.parametrize(
    ("body", "status", "field", "says"),
    [
        (b"", 422, "images", "no photos"),
        (b"--x--\r\n", 422, "images", "no photos"),
        (part("images", b"words") + b"--x--\r\n", 415, "images[0]", "JPEG, PNG, WebP or HEIC"),
        (part("images", b"") + b"--x--\r\n", 422, "images[0]", "is empty"),
        (part("images", b"<svg/>") + b"--x--\r\n", 415, "images[0]", "not a photo"),
        (part("images", b"words", None) + b"--x--\r\n", 422, "images[0]", "not a file"),
        (part("photo", b"words") + b"--x--\r\n", 422, "photo", "'images'"),
        (part("images", b"words") * 9 + b"--x--\r\n", 422, "images", "9 photos"),
        (part("images", b"words") * 200 + b"--x--\r\n", 422, "body", "readable form"),
        (b"nonsense", 422, "body", "readable form"),
    ],
)
def test_wrong_form_is_named(client: TestClient, body: bytes, status: int, field: str, says: str) -> None:
    answer = client.post("/analyze", content=body, headers=FORM)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["field"]) == (status, status, field)
    assert says in problem["detail"]


@pytest.mark.parametrize("kind", ["application/xml", "image/jpeg", "text/plain", "multipart/form-data"])
def test_unsupported_body_is_refused(client: TestClient, kind: str, jpeg: Jpeg) -> None:
    answer = client.post("/analyze", content=jpeg(), headers={"Content-Type": kind})
    assert answer.status_code == (422 if kind.startswith("multipart") else 415)


def test_declared_oversize_is_refused(client: TestClient) -> None:
    body = part("images", bytes(MAX_BODY_BYTES))
    answer = client.post("/analyze", content=body, headers=FORM)
    assert (answer.status_code, answer.json()["field"]) == (413, "body")


def test_unsized_body_is_cut_off(client: TestClient, world: World) -> None:
    def chunks() -> Iterator[bytes]:
        yield part("images", b"")[:-2]
        for _ in range(40):
            yield bytes(1_000_000)

    answer = client.post("/analyze", content=chunks(), headers=FORM)
    assert (answer.status_code, answer.json()["title"]) == (413, "Too large")
    assert world.kept() == []


def test_bad_photo_among_several_is_named(client: TestClient, world: World, jpeg: Jpeg) -> None:
    files = [("images", photo) for photo in (jpeg(), jpeg()[:200], jpeg())]
    answer = client.post("/analyze", files=files)
    assert (answer.status_code, answer.json()["field"]) == (422, "images[1]")
    assert world.kept() == []
    assert client.get("/reports").json()["reports"] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_body_is_a_client_error(client: TestClient, body: bytes) -> None:
    answer = client.post("/analyze", content=b"--x\r\n" + body, headers=FORM)
    assert 400 <= answer.status_code < 500
