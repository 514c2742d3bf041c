import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catalogue
from catalogue import Catalogue
from catalogue.model import Language
from services.core.domain.assessment import assess, photos_to_judge
from services.core.domain.observation import Observation
from services.core.domain.report import Flaw, Grade
from services.core.narrative.grounding import fitting_caption, unsupported_claim
from services.core.narrative.negation import tokens
from services.core.narrative.template import template_text
from services.core.narrative.wording import wording
from tests.services.core.domain.observations import observations

Make = Callable[..., Observation]
Case = tuple[Observation, list[tuple[Flaw, ...]]]
LANGUAGES = get_args(Language)
ENGLISH = wording("en")
DRAWN = catalogue.load(catalogue.DRAWN)
REAL = catalogue.load(catalogue.SECOND_HAND).select(["kitchen", "shoes", "media"])
TAGS = [tag.id for tag in DRAWN.departments["drawn"].wear]


@st.composite
def cases(draw: st.DrawFn, words: Catalogue) -> Case:
    """Any observation with a caption of words that fit and of others, and the flaws of its photos."""
    flaw = draw(st.sampled_from([None, *Flaw]))
    photos = draw(st.integers(1, 3))
    flaws: list[tuple[Flaw, ...]] = [(flaw,)] * photos if flaw else [*[()] * photos, (Flaw.TOO_DARK,)]
    seen = draw(observations(words, len(photos_to_judge(flaws))))
    looks = [*ENGLISH.looks, *ENGLISH.colours, *ENGLISH.patterns, *ENGLISH.attributes, *ENGLISH.parts]
    worn = [tag.noun.en for tag in words.departments[seen.department].wear]
    said = st.sampled_from([*ENGLISH.ordinary, *looks, *ENGLISH.phrases, *worn])
    named = [kind.name for kind in seen.kinds[:1]]
    caption = [*draw(st.lists(said, max_size=8)), *named, *draw(st.lists(said | st.text(), max_size=8))]
    return replace(seen, caption=draw(st.sampled_from([" ", ", ", ". "])).join(caption)), flaws


@pytest.mark.parametrize("language", LANGUAGES)
@given(case=cases(DRAWN) | cases(REAL))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_template_is_always_supported(language: Language, case: Case) -> None:
    seen, flaws = case
    goods = DRAWN if seen.catalogue == DRAWN.version else REAL
    assessment, words = assess(seen, flaws, goods), wording(language)
    assert unsupported_claim(template_text(assessment, words), assessment, words) is None


@pytest.mark.parametrize("language", LANGUAGES)
@given(case=cases(DRAWN))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_texts_state_the_facts_alone(language: Language, case: Case) -> None:
    seen, flaws = case
    found, words = assess(seen, flaws, DRAWN), wording(language)
    text = template_text(found, words)
    title, whole = set(tokens(text.title)), set(tokens(f"{text.title} {text.description}"))
    department = DRAWN.departments["drawn"]
    for material in department.materials:
        if material.id != found.product.material:
            assert title.isdisjoint([material.noun.en if language == "en" else material.noun.fr])
    for grade in Grade:
        if grade != found.condition.grade:
            assert title.isdisjoint(words.grades[grade])
    for kind in department.kinds:
        if kind.id != found.product.type:
            assert title.isdisjoint([kind.noun.en if language == "en" else kind.noun.fr])
    if found.condition.status == "not_assessed":
        assert whole.isdisjoint(["10", *(form for grade in Grade for form in words.grades[grade])])
    caption = set(tokens(fitting_caption(found) or ""))
    for tag in set(TAGS) - {mark.tag for mark in found.condition.wear}:
        assert caption.isdisjoint([tag, *ENGLISH.participles[tag]])
    assert not caption or found.product.type != "unknown"


def flawed(seen: Observation, flaw: Flaw | None) -> list[tuple[Flaw, ...]]:
    """The flaw on each photo of the observation, or on none and on one more that the model did not see."""
    return [(flaw,)] * len(seen.wear) if flaw else [*([()] * len(seen.wear)), (Flaw.TOO_DARK,)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tags", [(), ("chip",), tuple(TAGS)])
def test_description_has_about_fifty_words(
    observation: Make, language: Language, tags: tuple[str, ...]
) -> None:
    materials = [material.id for material in DRAWN.departments["drawn"].materials]
    for type_, material in itertools.product(DRAWN.kinds, materials):
        seen = observation(type_, material, (tags,), caption=f"a blue {material} {type_}")
        text = template_text(assess(seen, None, DRAWN), wording(language))
        assert 30 <= len(text.description.split()) <= 75
        assert len(text.title) <= 80


def test_fitting_caption_is_included(observation: Make) -> None:
    text = template_text(assess(observation(caption="a tall blue mug"), None, DRAWN), ENGLISH)
    assert "The photos show a tall blue mug." in text.description


def test_contradicting_caption_is_omitted(observation: Make) -> None:
    assert (
        "vase"
        not in template_text(assess(observation(caption="a red vase"), None, DRAWN), ENGLISH).description
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_unjudged_condition_is_said_plainly(observation: Make, language: Language) -> None:
    text = template_text(assess(observation(), [(Flaw.TOO_DARK,)], DRAWN), wording(language))
    said = {
        "en": ("Second-hand item", "could not be judged"),
        "fr": ("Article d'occasion", "n'a pas pu être jugé"),
    }[language]
    assert text.title == said[0]
    assert said[1] in text.description


def test_title_without_known_material(observation: Make) -> None:
    text = template_text(assess(observation("mug", "unclear"), None, DRAWN), ENGLISH)
    assert text.title == "Second-hand mug, excellent condition"


@pytest.mark.parametrize("flaw", [None, *Flaw])
@pytest.mark.parametrize("language", LANGUAGES)
def test_unjudged_text_has_about_fifty_words(
    observation: Make, language: Language, flaw: Flaw | None
) -> None:
    seen = observation("unknown")
    text = template_text(assess(seen, flawed(seen, flaw), DRAWN), wording(language))
    assert 30 <= len(text.description.split()) <= 75


def test_unknown_product_is_named_unknown(observation: Make) -> None:
    text = template_text(assess(observation("unknown"), None, DRAWN), ENGLISH)
    assert "did not show clearly what it is" in text.description
    assert "ceramic" not in text.description


def test_french_template_is_french(observation: Make) -> None:
    text = template_text(assess(observation(wear=(("chip",),)), None, DRAWN), wording("fr"))
    assert text.title == "Tasse en céramique d'occasion, état : bon"
    assert "ébréchure" in text.description
