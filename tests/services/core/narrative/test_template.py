import itertools
from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.assessment import assess
from services.core.domain.observation import Observation, vocabulary
from services.core.narrative.grounding import unsupported_claim
from services.core.narrative.template import template_text
from services.core.narrative.wording import Language, wording

Make = Callable[..., Observation]
LANGUAGES = get_args(Language)
ENGLISH, CODES = wording("en"), vocabulary()


@st.composite
def vision_cache(draw: st.DrawFn) -> Observation:
    """Any observation, with a caption of words that fit and of others."""

    def scores(candidates: tuple[str, ...]) -> dict[str, float]:
        return draw(st.fixed_dictionaries(dict.fromkeys(candidates, st.floats(0, 1))))

    type_ = scores(CODES.type.candidates)
    named = max(type_, key=type_.__getitem__)
    looks = [*ENGLISH.looks, *ENGLISH.attributes, *ENGLISH.parts]
    said = st.sampled_from([*ENGLISH.ordinary, *looks, *ENGLISH.phrases, *CODES.wear.candidates])
    caption = [*draw(st.lists(said, max_size=8)), named, *draw(st.lists(said | st.text(), max_size=8))]
    return Observation(
        type=type_,
        material=scores(CODES.material.candidates),
        wear=tuple(scores(CODES.wear.candidates) for _ in range(draw(st.integers(1, 3)))),
        caption=draw(st.sampled_from([" ", ", ", ". "])).join(caption),
        artifact="demo-000000000000",
    )


@pytest.mark.parametrize("language", LANGUAGES)
@given(seen=vision_cache())
def test_template_is_always_supported(language: Language, seen: Observation) -> None:
    assessment, words = assess(seen), wording(language)
    assert unsupported_claim(template_text(assessment, words), assessment, words) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tags", [(), ("chip",), CODES.wear.candidates])
def test_description_has_about_fifty_words(
    observation: Make, language: Language, tags: tuple[str, ...]
) -> None:
    for type_, material in itertools.product(CODES.type.candidates, CODES.material.candidates):
        seen = observation(type_, material, (tags,), caption=f"a blue {material} {type_}")
        text = template_text(assess(seen), wording(language))
        assert 30 <= len(text.description.split()) <= 75
        assert len(text.title) <= 80


def test_fitting_caption_is_included(observation: Make) -> None:
    text = template_text(assess(observation(caption="a tall blue mug")), ENGLISH)
    assert "The photos show a tall blue mug." in text.description


def test_contradicting_caption_is_omitted(observation: Make) -> None:
    assert "vase" not in template_text(assess(observation(caption="a red vase")), ENGLISH).description


def test_unknown_product_is_named_unknown(observation: Make) -> None:
    text = template_text(assess(observation("unknown")), ENGLISH)
    assert "did not show clearly what it is" in text.description
    assert "ceramic" not in text.description


def test_french_template_is_french(observation: Make) -> None:
    text = template_text(assess(observation(wear=(("chip",),))), wording("fr"))
    assert text.title == "Tasse en céramique d'occasion, état : bon"
    assert "ébréchure" in text.description
