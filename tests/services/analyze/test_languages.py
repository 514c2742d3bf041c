"""The languages of a report: by its request, else by Accept-Language and the settings."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.services.analyze.conftest import World
from tests.services.analyze.test_uploads import upload

Jpeg = Callable[..., bytes]
Post = Callable[..., Any]


@pytest.fixture
def bilingual(world: World) -> World:
    """The settings ask for reports in both languages; requested before the client."""
    world.also_in = ("en", "fr")
    return world


@pytest.fixture
def post(client: TestClient, jpeg: Jpeg) -> Post:
    """Posts a photo with a form's fields and headers."""

    def send(*languages: str, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = {"languages": list(languages)} if languages else {}
        return client.post("/analyze", files={"images": jpeg()}, data=data, headers=named)

    return send


def languages(answer: Any) -> tuple[str, list[str]]:
    assert answer.status_code == 200
    return answer.json()["language"], answer.json()["languages"]


def test_header_alone_gives_one_language(post: Post) -> None:
    assert languages(post()) == ("en", ["en"])
    assert languages(post(accept_language="fr")) == ("fr", ["fr"])


def test_fields_order_goes_before_the_header(post: Post) -> None:
    answer = post("fr", "en", accept_language="en")
    assert languages(answer) == ("fr", ["fr", "en"])
    assert answer.headers["vary"] == "Accept-Language"
    assert "ébréchure" in answer.json()["description"]


class TestSettings:
    def test_settings_add_languages(self, bilingual: World, post: Post) -> None:
        assert languages(post()) == ("en", ["en", "fr"])
        assert languages(post(accept_language="fr")) == ("fr", ["fr", "en"])

    def test_field_goes_before_the_settings(self, bilingual: World, post: Post) -> None:
        assert languages(post("en", accept_language="fr")) == ("en", ["en"])


def test_uploads_name_languages(client: TestClient, world: World, jpeg: Jpeg) -> None:
    body = {"upload_ids": [upload(client, world, jpeg())], "languages": ["fr", "en"]}
    assert languages(client.post("/analyze", json=body)) == ("fr", ["fr", "en"])


@pytest.mark.parametrize(
    ("value", "field", "says"),
    [
        (["de"], "languages[0]", "'en' or 'fr'"),
        (["en", "EN"], "languages[1]", "'en' or 'fr'"),
        (["fr", "fr"], "languages", "languages: names a language twice."),
        ([], "languages", "at least 1"),
        (["en", "fr", "en"], "languages", "at most 2"),
        ("en", "languages", "list"),
        (None, "languages", "list"),
        ({"en": True}, "languages", "list"),
        ([["en"]], "languages[0]", "'en' or 'fr'"),
    ],
)
def test_wrong_json_languages_are_explained(client: TestClient, value: object, field: str, says: str) -> None:
    answer = client.post("/analyze", json={"upload_ids": ["0" * 26], "languages": value})
    problem = answer.json()
    assert (answer.status_code, problem["field"]) == (422, field)
    assert says in problem["detail"]
    assert problem["remedy"] == "Send a list of en and fr, each at most once, or leave it out"


def test_wrong_form_languages_cost_nothing(post: Post, world: World) -> None:
    answer = post("fr,de")
    assert (answer.status_code, answer.json()["field"]) == (422, "languages")
    assert (world.kept(), world.model_calls) == ([], 0)


def test_repeated_key_keeps_its_languages(post: Post) -> None:
    first = post("fr", "en", idempotency_key="k")
    again = post("en", idempotency_key="k", accept_language="en")
    assert languages(again) == ("fr", ["fr", "en"])
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (first.json()["id"], "true")
