"""Photos that were uploaded before, and are analysed by their ids."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.services.analyze.conftest import BUCKET, World, without_links

Jpeg = Callable[..., bytes]
MALLORY = {"Authorization": "Bearer token-of-mallory"}


def upload(client: TestClient, world: World, photo: bytes, owner: str = "alice") -> str:
    """Store an object as a client's form POST does, under the offered key."""
    offer = client.post("/uploads", headers={"Authorization": f"Bearer token-of-{owner}"})
    assert offer.status_code == 201
    world.s3.put_object(Bucket=BUCKET, Key=offer.json()["fields"]["key"], Body=photo)
    return str(offer.json()["id"])


def analyse(client: TestClient, *ids: str, **headers: str) -> Any:
    return client.post("/analyze", json={"upload_ids": ids}, headers=headers)


def test_uploads_become_a_report(client: TestClient, world: World, jpeg: Jpeg) -> None:
    ids = [upload(client, world, jpeg(shade)) for shade in range(2)]
    answer = analyse(client, *ids)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert all(key.startswith("photos/") for key in world.kept())
    assert len(world.kept()) == 2


def test_repeated_uploads_return_same_report(client: TestClient, world: World, jpeg: Jpeg) -> None:
    upload_id = upload(client, world, jpeg())
    key = {"Idempotency-Key": "k1"}
    first, again = analyse(client, upload_id, **key), analyse(client, upload_id, **key)
    assert without_links(again.json()) == without_links(first.json())
    assert again.headers["idempotent-replayed"] == "true"


def test_quota_is_checked_before_uploads(client: TestClient, world: World, jpeg: Jpeg) -> None:
    for shade in range(4):
        assert client.post("/analyze", files={"images": jpeg(shade)}).status_code == 200
    assert client.post("/analyze", json={"upload_ids": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]}).status_code == 429


def test_other_users_upload_is_refused(client: TestClient, world: World, jpeg: Jpeg) -> None:
    upload_id = upload(client, world, jpeg())
    answer = client.post("/analyze", json={"upload_ids": [upload_id]}, headers=MALLORY)
    assert (answer.status_code, answer.json()["field"]) == (422, "upload_ids")
    assert "POST /uploads" in answer.json()["remedy"]
    assert analyse(client, upload_id).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b"{}", "upload_ids"),
        (b'{"upload_ids": []}', "upload_ids"),
        (b'{"upload_ids": ["../../etc"]}', "upload_ids[0]"),
        (b'{"upload_ids": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}', "upload_ids"),
        (b'{"upload_ids": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"], "more": 1}', "more"),
        (b'{"upload_ids": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]}', "upload_ids"),
    ],
)
def test_body_without_uploads_is_explained(client: TestClient, body: bytes, field: str) -> None:
    answer = client.post("/analyze", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.json()["remedy"]


def test_broken_upload_is_named(client: TestClient, world: World, jpeg: Jpeg) -> None:
    ids = [upload(client, world, jpeg()), upload(client, world, jpeg()[:50])]
    answer = analyse(client, *ids)
    assert (answer.status_code, answer.json()["field"]) == (422, "upload_ids[1]")
