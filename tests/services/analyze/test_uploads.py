"""Photos that were uploaded before, and are analysed by their ids."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.services.analyze.conftest import BUCKET, World, without_links
from tests.services.conftest import TABLE

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


KEY = {"Idempotency-Key": "k1"}


class TestSamePhotos:
    """One key with the same photos, however they are sent, is one report."""

    def test_photos_uploaded_anew_are_the_same(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        first = analyse(client, *(upload(client, world, jpeg(shade)) for shade in (1, 2)), **KEY)
        again = analyse(client, *(upload(client, world, jpeg(shade)) for shade in (1, 2)), **KEY)
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
        assert again.headers["idempotent-replayed"] == "true"
        assert all(key.startswith("photos/") for key in world.kept())
        assert world.model_calls == 1

    def test_form_and_upload_are_the_same(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        ids = [analyse(client, upload(client, world, jpeg()), **KEY).json()["id"]]
        for _ in range(2):
            form = client.post("/analyze", files={"images": jpeg()}, headers=KEY)
            ids.append(form.json()["id"])
        assert len(set(ids)) == 1
        form = client.post("/analyze", files={"images": jpeg()}, headers={"Idempotency-Key": "k2"})
        named = analyse(client, upload(client, world, jpeg()), **{"Idempotency-Key": "k2"})
        assert named.json()["id"] == form.json()["id"]

    @pytest.mark.parametrize("shades", [(3,), (2, 1), (1, 2, 2), (1,)])
    def test_other_photos_are_refused(
        self, client: TestClient, world: World, jpeg: Jpeg, shades: tuple[int, ...]
    ) -> None:
        analyse(client, *(upload(client, world, jpeg(shade)) for shade in (1, 2)), **KEY)
        answer = analyse(client, *(upload(client, world, jpeg(shade)) for shade in shades), **KEY)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (
            422,
            "idempotency-key-reused",
        )

    def test_unknown_upload_is_named(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        analyse(client, upload(client, world, jpeg()), **KEY)
        answer = analyse(client, "01ARZ3NDEKTSV4RRFFQ69G5FAV", **KEY)
        assert (answer.status_code, answer.json()["field"]) == (422, "upload_ids")


def test_clients_key_is_no_analysis(client: TestClient, world: World, jpeg: Jpeg) -> None:
    client.post("/analyze", files={"images": jpeg()}, headers={"Idempotency-Key": "analysis:1"})
    keys = [row["sk"]["S"] for row in world.dynamodb.scan(TableName=TABLE)["Items"]]
    assert "key#client:analysis:1" in keys


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
