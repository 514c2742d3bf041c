import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.domain.assessment import assess
from services.core.domain.observation import Observation, vocabulary
from services.core.domain.report import Flaw, Grade
from services.core.narrative.grounding import fitting_caption, tokens, unsupported_claim
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
@given(seen=vision_cache(), flaw=st.sampled_from([None, *Flaw]))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_template_is_always_supported(language: Language, seen: Observation, flaw: Flaw | None) -> None:
    assessment, words = assess(seen, flawed(seen, flaw)), wording(language)
    assert unsupported_claim(template_text(assessment, words), assessment, words) is None


@pytest.mark.parametrize("language", LANGUAGES)
@given(seen=vision_cache(), flaw=st.sampled_from([None, *Flaw]), sure=st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_texts_state_the_facts_alone(
    language: Language, seen: Observation, flaw: Flaw | None, sure: bool
) -> None:
    if sure:
        seen = replace(seen, type={code: 0.9 if code == "mug" else 0.01 for code in seen.type})
    found, words = assess(seen, flawed(seen, flaw)), wording(language)
    text = template_text(found, words)
    title, whole = set(tokens(text.title)), set(tokens(f"{text.title} {text.description}"))
    for material in CODES.material.candidates:
        if material != found.product.material:
            assert title.isdisjoint(words.forms[material])
    for grade in Grade:
        if grade != found.condition.grade:
            assert title.isdisjoint(words.forms[grade.value])
    for type_ in set(CODES.type.candidates) - {found.product.type, "unknown"}:
        assert title.isdisjoint(words.forms[type_])
    if found.condition.status == "not_assessed":
        assert whole.isdisjoint(["10", *(form for grade in Grade for form in words.forms[grade.value])])
    caption = set(tokens(fitting_caption(found) or ""))
    worn = {mark.tag for mark in found.condition.wear}
    for tag in set(CODES.wear.candidates) - worn:
        assert caption.isdisjoint([*ENGLISH.forms[tag], *ENGLISH.participles[tag]])
    assert not caption or found.product.type != "unknown"


def flawed(seen: Observation, flaw: Flaw | None) -> list[tuple[Flaw, ...]]:
    """The flaw on each photo of the observation, or on none and on one more that the model did not see."""
    return [(flaw,)] * len(seen.wear) if flaw else [*([()] * len(seen.wear)), (Flaw.TOO_DARK,)]


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_unjudged_condition_is_said_plainly(observation: Make, language: Language) -> None:
    text = template_text(assess(observation(), [(Flaw.TOO_DARK,)]), wording(language))
    said = {
        "en": ("Second-hand item", "could not be judged"),
        "fr": ("Article d'occasion", "n'a pas pu être jugé"),
    }[language]
    assert text.title == said[0]
    assert said[1] in text.description


def test_title_without_known_material(observation: Make) -> None:
    text = template_text(assess(observation("mug", "unclear")), ENGLISH)
    assert text.title == "Second-hand mug, excellent condition"


@pytest.mark.parametrize("flaw", [None, *Flaw])
@pytest.mark.parametrize("language", LANGUAGES)
def test_unjudged_text_has_about_fifty_words(
    observation: Make, language: Language, flaw: Flaw | None
) -> None:
    seen = observation("unknown")
    text = template_text(assess(seen, flawed(seen, flaw)), wording(language))
    assert 30 <= len(text.description.split()) <= 75


def test_unknown_product_is_named_unknown(observation: Make) -> None:
    text = template_text(assess(observation("unknown")), ENGLISH)
    assert "did not show clearly what it is" in text.description
    assert "ceramic" not in text.description


def test_french_template_is_french(observation: Make) -> None:
    text = template_text(assess(observation(wear=(("chip",),))), wording("fr"))
    assert text.title == "Tasse en céramique d'occasion, état : bon"
    assert "ébréchure" in text.description
