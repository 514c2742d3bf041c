"""What the fallback LLM may say of a catalogue's goods, and what is made of it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from catalogue import Catalogue
from services.core.domain.assessment import assess
from services.core.domain.observation import Observation
from services.core.vision.llm_answer import LlmAnswer, observation_of, schema
from tests.services.conftest import DRAWN

REAL = catalogue.load(catalogue.SECOND_HAND)


def answered(words: Catalogue, photos: int = 1, **changed: Any) -> Observation:
    unknown = {"answer": "unknown", "sure": "low"}
    said: dict[str, Any] = {
        "type": {"answer": "mug", "sure": "high"},
        "material": {"answer": "ceramic", "sure": "high"},
        "colour": unknown,
        "pattern": unknown,
        "wear": [[]] * photos,
        "caption": "a mug",
    }
    return observation_of(LlmAnswer.model_validate(said | changed), photos, words, "eyes")


def enums(found: object) -> list[list[str]]:
    """All lists of allowed words in a schema."""
    if isinstance(found, list):
        return [each for item in found for each in enums(item)]
    if not isinstance(found, dict):
        return []
    inner = [each for value in found.values() for each in enums(value)]
    return [found["enum"], *inner] if "enum" in found else inner


def strict(found: object) -> bool:
    """Whether each object of a schema lists all of its fields, as a strict schema must."""
    if isinstance(found, list):
        return all(map(strict, found))
    if not isinstance(found, dict):
        return True
    whole = found.get("type") != "object" or (
        found["additionalProperties"] is False and set(found["required"]) == set(found["properties"])
    )
    return whole and all(map(strict, found.values()))


@pytest.mark.parametrize(
    "words", [DRAWN, REAL, REAL.select(["shoes"]), REAL.select(["shoes", "bags", "toys"])]
)
def test_schema_stays_within_the_limits(words: Catalogue) -> None:
    """OpenAI takes 1,000 words in all, and 15,000 characters in a list of more than 250."""
    found = schema(words, 8)
    lists = enums(found)
    assert strict(found)
    assert sum(map(len, lists)) <= 1000
    assert all(len(each) == len(set(each)) for each in lists)
    assert all(len(each) <= 250 or sum(map(len, each)) <= 15_000 for each in lists)


def test_small_catalogue_lists_its_kinds() -> None:
    answer = schema(DRAWN, 1)["properties"]["type"]["properties"]["answer"]
    assert set(answer["enum"]) == {*DRAWN.kinds, "unknown"}
    assert "colour" not in schema(DRAWN, 1)["properties"]


def test_large_catalogue_takes_any_name() -> None:
    properties = schema(REAL, 1)["properties"]
    assert properties["type"]["properties"]["answer"] == {"type": "string"}
    assert "blue" in properties["colour"]["properties"]["answer"]["enum"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("mug", "mug"),
        ("a Mug", "mug"),
        ("the mugs.", "mug"),
        ("Coffee  mug", "mug"),
        ("some scissors", "scissors"),
        ("a pair of scissors", "scissors"),
        ("pair of scissors", "scissors"),
        ("kitchen knives", "kitchen_knife"),
        ("car batteries", "car_battery"),
        ("bookshelves", "bookcase"),
        ("zeppelin", None),
        ("unknown", None),
        ("", None),
    ],
)
def test_name_finds_its_kind(said: str, kind: str | None) -> None:
    seen = answered(REAL, type={"answer": said, "sure": "high"})
    assert [each.id for each in seen.kinds] == ([kind] if kind else [])
    assert seen.said is not None
    assert seen.said.id == kind


def test_every_answer_of_the_catalogue_is_found() -> None:
    for kind in list(REAL.kinds.values())[::37]:
        (seen,) = answered(REAL, type={"answer": f"a {kind.answer}", "sure": "high"}).kinds
        assert seen.id == kind.id


def test_other_name_becomes_a_suggestion() -> None:
    found = assess(answered(REAL, type={"answer": "a zeppelin", "sure": "high"}), None, REAL)
    assert (found.product.type, found.product.suggestion) == ("unknown", "zeppelin")


def test_unsure_name_is_unknown() -> None:
    found = assess(answered(REAL, type={"answer": "mug", "sure": "low"}), None, REAL)
    assert (found.product.type, found.product.suggestion) == ("unknown", "mug")


def test_answers_of_other_departments_are_dropped() -> None:
    """A mug has neither a sole that wears nor denim; what it has stays."""
    marks = [{"answer": "sole_wear", "sure": "high"}, {"answer": "chip", "sure": "high"}]
    found = assess(answered(REAL, material={"answer": "denim", "sure": "high"}, wear=[marks]), None, REAL)
    assert (found.product.type, found.product.material) == ("mug", "unknown")
    assert [mark.tag for mark in found.condition.wear] == ["chip"]


def test_colour_and_pattern_are_taken() -> None:
    blue, unsure = {"answer": "blue", "sure": "high"}, {"answer": "striped", "sure": "low"}
    product = assess(answered(REAL, colour=blue, pattern=unsure), None, REAL).product
    assert (product.colour, product.pattern) == ("blue", "unknown")


@pytest.mark.parametrize(
    "changed",
    [
        {"material": {"answer": "cheese", "sure": "high"}},
        {"colour": {"answer": "infrared", "sure": "high"}},
        {"wear": [[{"answer": "sadness", "sure": "high"}]]},
        {"wear": []},
        {"wear": [[], []]},
        {"type": {"answer": "mug", "sure": "very"}},
    ],
)
def test_foreign_words_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        answered(REAL, **changed)


def test_unlisted_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        answered(DRAWN, type={"answer": "zeppelin", "sure": "high"})


@settings(max_examples=25)
@given(
    said=st.text(max_size=400) | st.sampled_from(sorted(REAL.kinds)),
    sure=st.sampled_from(["low", "medium", "high"]),
    caption=st.text(max_size=400),
)
def test_any_words_make_an_assessment(said: str, sure: str, caption: str) -> None:
    seen = answered(REAL, type={"answer": said, "sure": sure}, caption=caption)
    found = assess(seen, None, REAL)
    assert found.product.type in REAL.kinds or found.product.type == "unknown"
    assert not seen.calibrated


def test_surer_word_for_a_mark_counts() -> None:
    marks = [{"answer": "chip", "sure": "low"}, {"answer": "chip", "sure": "high"}]
    assert answered(DRAWN, wear=[marks]).wear[0]["chip"] == (0.9,)
