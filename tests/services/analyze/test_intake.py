import gzip
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
        (part("images", b"words") + b"--x--\r\n", 415, "images[0]", "JPEG, PNG, WebP or HEIC"),
        (part("images", b"") + b"--x--\r\n", 422, "images[0]", "is empty"),
        (part("images", b"words"), 422, "body", "is cut short"),
        (part("image", b"words") + b"--x--\r\n", 422, "image", "'images'"),
    ],
)
def test_wrong_form_is_named(client: TestClient, body: bytes, status: int, field: str, says: str) -> None:
    answer = client.post("/analyze", content=body, headers=FORM)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["field"]) == (status, status, field)
    assert says in problem["detail"]


def test_unsupported_body_is_refused(client: TestClient, jpeg: Jpeg) -> None:
    for kind in ("", "application/xml", "image/jpeg", "multipart/mixed; boundary=x", "application/jsonx"):
        answer = client.post("/analyze", content=jpeg(), headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["field"]) == (415, "Content-Type")


def test_compressed_body_is_refused(client: TestClient) -> None:
    for kind in ("application/json", FORM["Content-Type"]):
        headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
        answer = client.post("/analyze", content=gzip.compress(b"{}"), headers=headers)
        assert (answer.status_code, answer.json()["field"]) == (415, "Content-Encoding")


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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_body_is_a_client_error(client: TestClient, body: bytes) -> None:
    answer = client.post("/analyze", content=b"--x\r\n" + body, headers=FORM)
    assert 400 <= answer.status_code < 500
