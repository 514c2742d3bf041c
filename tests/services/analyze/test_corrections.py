"""What an owner corrects is shown, and what the model said stays beside it."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from services.analyze.corrections import parse_patch
from services.core.domain.corrections import merge_patch
from services.core.domain.errors import InvalidInput
from tests.services.analyze.conftest import World, without_links

Jpeg = Callable[..., bytes]
Patch = Callable[..., Any]
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def made(client: TestClient, jpeg: Jpeg) -> dict[str, Any]:
    """A succeeded report: a ceramic mug with a chip."""
    report: dict[str, Any] = client.post("/analyze", files={"images": jpeg()}).json()
    return report


@pytest.fixture
def patch(client: TestClient, made: dict[str, Any]) -> Patch:
    def send(body: Any, **headers: str) -> Any:
        return client.patch(f"/reports/{made['id']}", content=json.dumps(body), headers=JSON | headers)

    return send


def test_corrected_report_shows_both(client: TestClient, made: dict[str, Any], patch: Patch) -> None:
    answer = patch(
        {"product": {"type": "vase"}, "title": "My  vase", "condition": {"wear": ["crack", "chip"]}}
    )
    assert answer.status_code == 200
    report = answer.json()
    assert (report["product"]["type"], report["product"]["material"]) == ("vase", "ceramic")
    assert (report["condition"]["score"], report["condition"]["grade"]) == (6, "fair")
    crack, chip = report["condition"]["wear"]
    unseen = {"photo": None, "place": None, "severity": None}
    assert crack == {"tag": "crack", "confidence": 1.0, "points": 2, "source": "owner", **unseen}
    assert chip == made["condition"]["wear"][0]
    sources = {"type": "owner", "material": "model", "colour": None, "pattern": None}
    assert (report["product"]["sources"], report["condition"]["source"]) == (sources, "owner")
    assert report["title"] == "My vase"
    assert "vase" in report["description"] and "mug" not in report["description"]
    assert report["caption"] is None or "mug" not in report["caption"]
    given = report["corrections"]
    assert given["product"] == {"type": "vase", "material": None, "colour": None, "pattern": None}
    assert given["original"]["title"] == made["title"]
    assert given["original"]["condition"] == made["condition"]
    assert without_links(client.get(f"/reports/{made['id']}").json()) == without_links(report)
    assert client.get("/reports").json()["reports"][0]["product"]["type"] == "vase"
    # What was asked and answered, and when it all expires, stays.
    assert (report["evidence"], report["expires_at"]) == (made["evidence"], made["expires_at"])


def test_null_restores_what_was_said(made: dict[str, Any], patch: Patch) -> None:
    patch({"product": {"type": "vase", "material": "glass"}, "title": "x"})
    half = patch({"product": {"type": None}, "title": None}).json()
    assert (half["product"]["type"], half["product"]["material"]) == ("mug", "glass")
    assert half["title"] != "x"
    assert without_links(patch({"product": None, "condition": None}).json()) == without_links(made)


def test_repeated_correction_changes_nothing(world: World, patch: Patch) -> None:
    once = patch({"condition": {"score": 3, "wear": ["chip"]}, "title": "x"}).json()
    assert (once["condition"]["score"], once["condition"]["grade"]) == (3, "worn")
    again = patch({"condition": {"score": 3.0, "wear": ["chip", "chip"]}, "title": " x"})
    assert without_links(again.json()) == without_links(once)
    assert without_links(patch({}).json()) == without_links(once)


def test_stated_condition_claims_no_photos(patch: Patch) -> None:
    stated = patch({"condition": {"wear": []}}).json()["description"]
    assert "The seller states that there is no sign of wear." in stated
    assert "condition is as the seller states it" in stated
    assert "judged" not in stated and "seen in the photos" not in stated
    worn = patch({"condition": {"wear": ["stain"]}}).json()["description"]
    assert "Sign of wear, as the seller states: a stain." in worn
    scored = patch({"condition": {"wear": None, "score": 7}}).json()["description"]
    assert "Visible sign of wear: a chip" in scored and "judged" not in scored


def test_text_is_cleaned(patch: Patch) -> None:
    report = patch({"title": "a\u0000\u202eb\n c😀", "description": " x\r\ny\u0007 "}).json()
    assert (report["title"], report["description"]) == ("ab c😀", "x\ny")
    emptied = patch({"title": "\u200b \u0000", "description": ""}).json()
    assert emptied["corrections"] is None


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"product": {"type": "Coffee mug"}}, "product.type", "an id of the catalogue"),
        ({"product": {"type": "x" * 49}}, "product.type", "48"),
        ({"product": {"material": ""}}, "product.material", "an id of the catalogue"),
        ({"product": {"suggestion": "vase"}}, "product.suggestion", "Extra"),
        ({"condition": {"score": 11}}, "condition.score", "less than or equal to 10"),
        ({"condition": {"score": True}}, "condition.score", "integer"),
        ({"condition": {"score": "7"}}, "condition.score", "integer"),
        ({"condition": {"grade": "good"}}, "condition.grade", "Extra"),
        ({"condition": {"wear": ["chip", "Rust!"]}}, "condition.wear[1]", "an id of the catalogue"),
        ({"condition": {"wear": ["chip"] * 21}}, "condition.wear", "20"),
        ({"title": "x" * 121}, "title", "120"),
        ({"description": "x" * 2001}, "description", "2000"),
        ({"title": "\ud800"}, "title", "string"),
        ({"status": "failed"}, "status", "Extra"),
        (["title"], "body", "valid dictionary"),
        (None, "body", "valid dictionary"),
    ],
)
def test_wrong_correction_is_named(body: Any, field: str, says: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_patch(json.dumps(body).encode())
    assert raised.value.field == field
    assert says in str(raised.value)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_NAMES = st.sampled_from(["product", "condition", "title", "type", "score", "wear"]) | st.text()
_JSON = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner), max_leaves=8)


@given(_JSON)
def test_any_json_is_read_or_explained(body: Any) -> None:
    try:
        parse_patch(json.dumps(body).encode())
    except InvalidInput as error:
        assert error.field and error.remedy


def test_wrong_correction_is_422(patch: Patch) -> None:
    answer = patch({"product": {"type": "mugg"}})
    assert (answer.status_code, answer.json()["field"]) == (422, "product.type")
    assert answer.json()["remedy"] == "Did you mean mug?"
    assert patch({"condition": {"wear": ["rust"]}}).json()["field"] == "condition.wear[0]"


def test_correction_needs_json(client: TestClient, made: dict[str, Any]) -> None:
    for kind, status in (("application/merge-patch+json", 200), ("text/plain", 415), ("", 415)):
        headers = {"Content-Type": kind}
        answer = client.patch(f"/reports/{made['id']}", content=b'{"title": "x"}', headers=headers)
        assert answer.status_code == status
    large = client.patch(f"/reports/{made['id']}", content=b" " * 64_001, headers=JSON)
    assert large.status_code == 413


def test_only_a_succeeded_report_is_corrected(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.open.clear()
    running = client.post("/analyze", files={"images": jpeg()}, headers={"Prefer": "respond-async"}).json()
    answer = client.patch(f"/reports/{running['id']}", json={"title": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "5")
    world.status, world.body = 424, b'{"__type": "ModelError", "OriginalStatusCode": 422}'
    world.open.set()
    client.get(f"/reports/{running['id']}", headers={"Prefer": "wait=9"})
    answer = client.patch(f"/reports/{running['id']}", json={"title": "x"})
    assert answer.status_code == 409
    assert "retry-after" not in answer.headers


def test_other_users_report_is_not_corrected(client: TestClient, made: dict[str, Any]) -> None:
    mallory = {"Authorization": "Bearer token-of-mallory"}
    answer = client.patch(f"/reports/{made['id']}", json={"title": "x"}, headers=mallory)
    assert answer.status_code == 404
    assert client.get(f"/reports/{made['id']}").json()["corrections"] is None


def test_corrections_at_once_are_all_kept(client: TestClient, made: dict[str, Any], patch: Patch) -> None:
    bodies = [
        {"product": {"type": "vase"}},
        {"product": {"material": "glass"}},
        {"condition": {"score": 2}},
        {"title": "t"},
        {"description": "d"},
    ]
    with ThreadPoolExecutor(5) as pool:
        assert [answer.status_code for answer in pool.map(patch, bodies)] == [200] * 5
    report = client.get(f"/reports/{made['id']}").json()
    assert (report["product"]["type"], report["product"]["material"]) == ("vase", "glass")
    assert (report["condition"]["score"], report["title"], report["description"]) == (2, "t", "d")


def test_corrected_report_is_erased(client: TestClient, made: dict[str, Any], patch: Patch) -> None:
    patch({"title": "x"})
    client.delete(f"/reports/{made['id']}")
    assert patch({"title": "y"}).status_code == 404
    assert client.get("/reports").json()["reports"] == []


def test_replayed_key_shows_corrections(client: TestClient, jpeg: Jpeg) -> None:
    headers = {"Idempotency-Key": "k"}
    report = client.post("/analyze", files={"images": jpeg()}, headers=headers).json()
    client.patch(f"/reports/{report['id']}", json={"title": "x"})
    assert client.post("/analyze", files={"images": jpeg()}, headers=headers).json()["title"] == "x"


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # Of RFC 7396's appendix, those whose target and patch are objects; empty objects are left out here.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {}),
    ],
)
def test_merge_patch_follows_the_rfc(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result
