"""What the model is asked about, by the settings: which goods, and which parts of a photo."""

import base64
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from catalogue import Catalogue
from services.core.domain.colours import QUESTION
from services.core.storage.rows import from_item
from tests.services.analyze.conftest import World, observation
from tests.services.analyze.test_jobs import waiting
from tests.services.conftest import TABLE

Jpeg = Callable[..., bytes]
THEIRS = "0123456789abcdef"
BLUE_LAMP = Path(__file__).parents[3] / "examples" / "photos" / "drawn-lamp.jpg"


def post(client: TestClient, photo: bytes) -> Any:
    return client.post("/analyze", files={"images": photo}, headers={"Prefer": "wait=20"})


def sizes(world: World) -> list[tuple[int, int]]:
    """The sizes of the photos that the model was sent."""
    photos = json.loads(world.question.body)["photos"]
    return [Image.open(BytesIO(base64.b64decode(photo))).size for photo in photos]


def measured(world: World) -> list[Any]:
    """The colours of the photos' pixels in the stored rows."""
    rows = [from_item(item) for item in world.dynamodb.scan(TableName=TABLE)["Items"]]
    return [photo["colours"] for row in rows for photo in row.get("photos", ())]


def test_whole_photo_is_sent_small(client: TestClient, world: World, jpeg: Jpeg) -> None:
    report = post(client, jpeg()).json()
    assert sizes(world) == [(384, 288)]
    assert json.loads(world.question.body)["wear_tiles"] == 0
    (chip,) = report["condition"]["wear"]
    assert (chip["place"], chip["severity"], chip["points"]) == (None, None, 2)


def test_unknown_thing_has_a_suggestion(client: TestClient, world: World, jpeg: Jpeg) -> None:
    said = {"text": "a red zeppelin", "p": 0.95, "id": None}
    world.body = json.dumps(observation(1) | {"said": said}).encode()
    report = post(client, jpeg()).json()
    assert report["product"]["type"] == "unknown"
    assert report["product"]["suggestion"] == "red zeppelin"
    assert report["condition"]["score"] is None
    assert "not_recognised" in report["confidence"]["reasons"]


def test_uncalibrated_artifact_says_so(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.body = json.dumps(observation(1) | {"calibrated": False}).encode()
    report = post(client, jpeg()).json()
    assert report["model"]["calibrated"] is False
    assert report["confidence"] == {"level": "medium", "reasons": ["uncalibrated"]}


def test_other_catalogue_leaves_report_queued(client: TestClient, world: World, jpeg: Jpeg) -> None:
    said = f"CatalogueMismatch: the artifact has {THEIRS}"
    problem = {"__type": "ModelError", "OriginalStatusCode": 400, "OriginalMessage": said, "message": said}
    world.status, world.body = 424, json.dumps(problem).encode()
    report = waiting(client, jpeg())
    assert report["status"] == "queued"
    assert THEIRS in report["waiting"]
    assert world.catalogue.version in report["waiting"]


def test_colours_are_not_measured_in_vain(client: TestClient, world: World) -> None:
    assert not world.catalogue.colours
    post(client, BLUE_LAMP.read_bytes())
    assert measured(world) == [[]]


@pytest.fixture
def large_photos(world: World) -> None:
    world.large_photos = True


@pytest.mark.usefixtures("large_photos")
def test_large_photo_is_sent_as_stored(client: TestClient, world: World, jpeg: Jpeg) -> None:
    post(client, jpeg())
    assert sizes(world) == [(640, 480)]


class TestQuarters:
    """A model that looks at the quarters of each photo too."""

    @pytest.fixture(autouse=True)
    def _quarters(self, world: World) -> None:
        world.wear_tiles, world.large_photos = 4, True

    def test_photo_is_sent_as_stored(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        report = post(client, jpeg()).json()
        assert sizes(world) == [(640, 480)]
        assert json.loads(world.question.body)["wear_tiles"] == 4
        (stored,) = world.kept()
        body = world.s3.get_object(Bucket="images", Key=stored)["Body"].read()
        assert json.loads(world.question.body)["photos"] == [base64.b64encode(body).decode()]
        (chip,) = report["condition"]["wear"]
        assert (chip["place"], chip["severity"], chip["points"]) == ("top_left", "minor", 1)
        assert (report["condition"]["score"], report["condition"]["grade"]) == (9, "good")

    def test_answer_about_whole_photos_is_invalid(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        world.body = json.dumps(observation(1)).encode()
        assert "wear" in waiting(client, jpeg())["waiting"]


class TestRealGoods:
    """The catalogue of real goods, of which two departments are selected."""

    @pytest.fixture(autouse=True)
    def _goods(self, world: World, second_hand: Catalogue) -> None:
        world.catalogue = second_hand.select(["kitchen", "decor"])

    def test_report_has_colour_and_pattern(self, client: TestClient, world: World) -> None:
        report = post(client, BLUE_LAMP.read_bytes()).json()
        question = json.loads(world.question.body)
        assert sorted(question["departments"]) == ["decor", "kitchen"]
        assert question["questions"] == ["type", "material", "colour", "pattern", "wear"]
        assert report["product"] == {
            "type": "mug",
            "material": "ceramic",
            "colour": "blue",
            "pattern": "striped",
            "suggestion": None,
            "sources": dict.fromkeys(("type", "material", "colour", "pattern"), "model"),
        }
        assert {each["question"]: each["answer"] for each in report["evidence"]}[QUESTION] == "blue"
        ((most, *_),) = measured(world)
        assert most[0] == "blue"
        assert report["model"]["catalogue"] == question["catalogue"] == world.catalogue.version

    def test_white_thing_is_not_called_blue(self, client: TestClient, jpeg: Jpeg) -> None:
        report = post(client, jpeg()).json()
        assert (report["product"]["colour"], report["product"]["sources"]["colour"]) == ("unknown", None)
        assert "colour_uncertain" in report["confidence"]["reasons"]
        assert "blue" not in report["title"] + report["description"]
