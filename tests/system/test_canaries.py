"""Secrets, tokens, addresses and parts of photos are planted where a client can put them.

No problem document holds one of them. That no log line does is checked when the system has ended.
"""

import io
import json
from pathlib import Path

import httpx2
import jwt
import pytest
from PIL import Image
from PIL.ExifTags import Base

from tests.system.running import System

CANARY = "canary7f3a"
ADDRESS = f"{CANARY}@shop.example"
# A comment that is cut off.
PIXELS = b"\xff\xfe\x00\x16" + f"{CANARY}-photo-bytes".encode()


@pytest.fixture(scope="module", autouse=True)
def planted(system: System) -> None:
    system.planted.add(CANARY)


@pytest.fixture(scope="module")
def marked_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo with an address in its metadata and its name."""
    photo = tmp_path_factory.mktemp("canaries") / f"{ADDRESS}.jpg"
    exif = Image.Exif()
    exif[Base.Artist], exif[Base.ImageDescription] = ADDRESS, CANARY
    stream = io.BytesIO()
    Image.new("RGB", (640, 480), (120, 130, 160)).save(stream, "JPEG", exif=exif, comment=CANARY.encode())
    photo.write_bytes(stream.getvalue())
    return photo


def without_canary(answer: httpx2.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert CANARY not in answer.text


def test_marked_photo_is_analyzed(system: System, marked_photo: Path) -> None:
    headers = {
        **system.headers("canary"),
        "Idempotency-Key": f"{CANARY}-key",
        "Prefer": f"wait=20, {CANARY}",
        "User-Agent": ADDRESS,
        "Cookie": f"session={CANARY}",
        "Accept-Language": CANARY,
    }
    files = {"images": (marked_photo.name, marked_photo.read_bytes(), "image/jpeg")}
    answer = system.client.post(f"{system.api_url}/analyze?key={CANARY}", headers=headers, files=files)
    without_canary(answer, 200)
    report = answer.json()
    system.planted.update((report["title"], report["description"]))


def test_correction_is_not_logged(system: System, photo: Path) -> None:
    report = system.analyze(photo, "canary").json()
    url = f"{system.api_url}/reports/{report['id']}"
    headers = {**system.headers("canary"), "Content-Type": "application/merge-patch+json"}
    answer = system.client.patch(url, headers=headers, content=json.dumps({"title": f"A mug of {ADDRESS}"}))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "authorization",
    [f"Bearer {CANARY}", f"Basic {CANARY}", f"Bearer {CANARY}.{CANARY}.{CANARY}", ADDRESS],
)
@pytest.mark.parametrize("direct", [True, False])
def test_refused_token_is_not_repeated(system: System, authorization: str, direct: bool) -> None:
    url = system.service_url if direct else system.api_url
    answer = system.client.get(f"{url}/reports", headers={"Authorization": authorization})
    assert answer.status_code in (401, 403)
    assert CANARY not in answer.text


def test_claims_are_not_repeated(system: System) -> None:
    claims = jwt.decode(system.token("canary"), options={"verify_signature": False})
    kid = jwt.get_unverified_header(system.token("canary"))["kid"]
    forged = {**claims, "email": ADDRESS, "role": CANARY}
    token = jwt.encode(forged, system.signing_key.decode(), "ES256", headers={"kid": kid})
    system.planted.update(token.split(".")[1:])
    answer = system.client.get(f"{system.service_url}/reports", headers={"Authorization": f"Bearer {token}"})
    without_canary(answer, 403)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"{ADDRESS}.jpg", CANARY.encode()),
        ("cut.jpg", b"\xff\xd8" + PIXELS),
        (f"{CANARY}.png", b"\x89PNG\r\n\x1a\n" + PIXELS),
    ],
)
def test_refused_photo_is_not_repeated(system: System, name: str, content: bytes) -> None:
    answer = system.client.post(
        f"{system.service_url}/analyze",
        headers=system.headers("canary"),
        files={"images": (name, content, f"image/{CANARY}")},
    )
    assert answer.status_code in (415, 422)
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    "body",
    [CANARY, json.dumps({"upload_ids": [CANARY]}), json.dumps({CANARY: ADDRESS}), json.dumps([ADDRESS])],
)
def test_refused_body_is_not_repeated(system: System, body: str) -> None:
    headers = {**system.headers("canary"), "Content-Type": "application/json"}
    answer = system.client.post(f"{system.service_url}/analyze", headers=headers, content=body)
    assert answer.status_code >= 400
    system.keep_lines()


def test_odd_request_id_is_not_logged(system: System) -> None:
    # The gateway overwrites the header; only a caller inside the network reaches the service without it.
    authorization = system.headers("canary")["Authorization"].encode()
    for value in (f"{CANARY} {ADDRESS}".encode(), "\u00e9".encode(), b"x" * 5000):
        headers = {b"Authorization": authorization, b"x-request-id": value}
        answer = system.client.get(f"{system.service_url}/reports", headers=headers)
        assert answer.status_code == 200


def test_lines_to_check_are_known(system: System) -> None:
    assert {"analyze", "authorizer", "model"} <= system.writers()
