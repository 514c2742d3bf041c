"""The links by which a page shows what was judged."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from PIL import Image
from starlette.testclient import TestClient

from services.core.storage.image_store import LINK_LIFE
from tests.services.analyze.conftest import World

Jpeg = Callable[..., bytes]


@pytest.fixture
def report(client: TestClient, jpeg: Jpeg) -> dict[str, Any]:
    """A report of two photos."""
    return client.post("/analyze", files=[("images", jpeg()), ("images", jpeg(7))]).json()  # type: ignore[no-any-return]


def shown(url: str) -> tuple[int, int]:
    answer = requests.get(url, timeout=5)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    return Image.open(BytesIO(answer.content)).size


def test_links_show_the_photos(client: TestClient, report: dict[str, Any]) -> None:
    again = client.get(f"/reports/{report['id']}").json()
    for photos in (report["photos"], again["photos"]):
        assert [photo["number"] for photo in photos] == [1, 2]
        for photo in photos:
            assert shown(photo["url"]) == (photo["width"], photo["height"]) == (640, 480)


def test_links_end_after_minutes(report: dict[str, Any]) -> None:
    photo = report["photos"][0]
    left = datetime.fromisoformat(photo["expires_at"]) - datetime.now(UTC)
    assert LINK_LIFE - timedelta(seconds=30) < left <= LINK_LIFE
    signed = parse_qs(urlsplit(photo["url"]).query)
    assert signed["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert signed["X-Amz-Expires"] == ["600"]
    assert signed["response-cache-control"] == ["private, max-age=600"]
    assert signed["response-content-disposition"] == ["inline"]


def test_list_shows_first_photos(client: TestClient, report: dict[str, Any]) -> None:
    (listed,) = client.get("/reports").json()["reports"]
    assert "photos" not in listed
    assert listed["thumbnail"]["number"] == 1
    assert shown(listed["thumbnail"]["url"]) == (640, 480)


def test_links_are_stored_nowhere(world: World, report: dict[str, Any]) -> None:
    assert "X-Amz-Signature" not in str(world.dynamodb.scan(TableName="reports")["Items"])


def test_failed_report_shows_no_photos(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.status, world.body = 424, b'{"__type": "ModelError", "OriginalStatusCode": 422}'
    assert client.post("/analyze", files={"images": jpeg()}).status_code == 502
    (listed,) = client.get("/reports").json()["reports"]
    assert listed["thumbnail"] is None
    assert client.get(f"/reports/{listed['id']}").json()["photos"] == []


def test_unfinished_report_shows_its_photos(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.open.clear()
    answer = client.post("/analyze", files={"images": jpeg()}, headers={"Prefer": "respond-async"})
    assert shown(answer.json()["photos"][0]["url"]) == (640, 480)
    world.open.set()


def test_answers_with_links_are_not_cached(client: TestClient, report: dict[str, Any]) -> None:
    for path in ("/reports", f"/reports/{report['id']}"):
        assert client.get(path).headers["cache-control"] == "no-store"


@pytest.fixture
def parts_looked_at(world: World) -> None:
    world.wear_tiles, world.large_photos = 4, True


@pytest.mark.usefixtures("parts_looked_at")
def test_photos_list_their_marks(client: TestClient, jpeg: Jpeg) -> None:
    made = client.post("/analyze", files=[("images", jpeg()), ("images", jpeg(7))]).json()
    (wear,) = made["condition"]["wear"]
    mark = {name: wear[name] for name in ("tag", "place", "severity")}
    assert mark["tag"] == "chip"
    assert mark["place"] == "top_left"
    by_photo = {photo["number"]: photo["marks"] for photo in made["photos"]}
    assert by_photo.pop(wear["photo"]) == [mark]
    assert list(by_photo.values()) == [[]]
