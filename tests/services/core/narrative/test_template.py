"""The text without an LLM: what the check accepts, within its bounds, and honest about what is not known."""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catalogue
from catalogue.model import Language
from services.core.domain.assessment import Assessment, assess
from services.core.domain.observation import Observation
from services.core.domain.report import Flaw, Reason, Reliance
from services.core.narrative.facts import FACT_IDS, Facts
from services.core.narrative.grounding import Held, hold, hold_title
from services.core.narrative.lexicon import lexicon
from services.core.narrative.sentences import FactSentences, required
from services.core.narrative.template import fits, template_text
from services.core.narrative.wording import wording
from tests.services.conftest import DRAWN
from tests.services.core.narrative.any_assessment import assessments
from tests.services.core.narrative.examples import CANDLE, EXAMPLES

Make = Callable[..., Observation]
LANGUAGES: tuple[Language, ...] = get_args(Language)
REAL = catalogue.load(catalogue.SECOND_HAND).select(["kitchen", "shoes", "media"])
ENGLISH = lexicon(DRAWN, "en")
# Of a model that is asked for the kind alone.
NOT_ASKED = replace(EXAMPLES[1], confidence=Reliance(level="low", reasons=(Reason.NOT_ASKED,)))


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_sentence_holds(language: Language, data: st.DataObject) -> None:
    goods = data.draw(st.sampled_from([DRAWN, REAL]))
    assessment = data.draw(assessments(goods))
    facts, own, words = Facts(assessment), lexicon(goods, language), wording(language)
    sentences = FactSentences(assessment, words)
    said: set[str] = set()
    for sentence in (
        *sentences.of(FACT_IDS),
        *(alone for id_ in FACT_IDS for alone in sentences.of([id_])),
        sentences.look(),
    ):
        held = hold(sentence.text, [*sentence.facts, *facts.marks], facts, own)
        assert isinstance(held, Held), (sentence, held)
        assert held.facts >= sentence.facts & required(facts), (sentence, held)
        said |= sentence.facts
    # A report without a judged condition has no sentence about its source.
    assert said | {"photos"} == facts.ids


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whole_text_is_bounded_and_holds(language: Language, data: st.DataObject) -> None:
    assessment = data.draw(assessments(REAL))
    text = template_text(assessment, wording(language))
    assert fits(text.description)
    assert len(text.title) <= 100
    title = hold_title(text.title, Facts(assessment), lexicon(REAL, language))
    assert isinstance(title, Held), (text.title, title)
    assert "kind" in title.facts
    assert assessment.condition.grade or title.facts & {"kind", "not_judged"}


def test_fitting_caption_is_included(observation: Make) -> None:
    captioned = assess(observation(caption="a ceramic mug"), None, DRAWN)
    assert "The photos show a ceramic mug." in template_text(captioned, wording("en"), ENGLISH).description
    assert "The photos show" not in template_text(captioned, wording("en")).description
    assert "ceramic mug" not in template_text(captioned, wording("fr"), ENGLISH).description


def test_contradicting_caption_is_omitted(observation: Make) -> None:
    seen = assess(observation(caption="a red vase"), None, DRAWN)
    assert "vase" not in template_text(seen, wording("en"), ENGLISH).description


@pytest.mark.parametrize(
    ("assessment", "language", "title", "said"),
    [
        (EXAMPLES[0], "en", "Item not recognised from the photos", "could not be judged"),
        (EXAMPLES[0], "fr", "Article non reconnu d'après les photos", "n'a pas pu être jugé"),
        (EXAMPLES[1], "en", "Second-hand black camera, condition not judged", "could not be judged"),
        (EXAMPLES[1], "fr", "Appareil photo noir d'occasion, état non jugé", "n'a pas pu être jugé"),
        (NOT_ASKED, "en", "Second-hand black camera, condition not judged", "The condition was not judged."),
        (NOT_ASKED, "fr", "Appareil photo noir d'occasion, état non jugé", "L'état n'a pas été jugé."),
        (EXAMPLES[2], "en", "Second-hand polyester umbrella, fair condition", "Stain: not judged"),
        (EXAMPLES[2], "fr", "Parapluie en polyester d'occasion, état : correct", "Tache : non jugé"),
    ],
    ids=[
        f"{case}-{each}"
        for case in ("unknown", "not judged", "not asked", "partly judged")
        for each in ("en", "fr")
    ],
)
def test_what_is_not_known_is_said_first(
    assessment: Assessment, language: Language, title: str, said: str
) -> None:
    text = template_text(assessment, wording(language))
    assert text.title == title
    assert said in text.description


def test_title_without_known_material(observation: Make) -> None:
    text = template_text(assess(observation("mug", "unclear"), None, DRAWN), wording("en"))
    assert text.title == "Second-hand mug, excellent condition"


@pytest.mark.parametrize("flaw", [Flaw.TOO_DARK, Flaw.SEVERAL_THINGS])
def test_unknown_product_has_no_adjective(observation: Make, flaw: Flaw) -> None:
    text = template_text(assess(observation("unknown"), [(flaw,)], DRAWN), wording("en"))
    assert "could not be recognised" in text.description
    assert "ceramic" not in text.description + text.title


def test_marks_are_one_sentence_with_details() -> None:
    text = template_text(EXAMPLES[4], wording("en"))
    assert (
        "Visible signs of wear: severe rust (photo 2, bottom right), a minor scratch (photo 1, top left), "
        "a dent (photo 3)." in text.description
    )
    french = template_text(EXAMPLES[4], wording("fr"))
    assert (
        "Traces d'usure visibles : de la rouille importante (photo 2, en bas à droite), une rayure légère "
        "(photo 1, en haut à gauche), une bosse (photo 3)." in french.description
    )


def test_details_give_way_to_length() -> None:
    tags = sorted({wear.id for one in REAL.departments.values() for wear in one.wear})
    mark = EXAMPLES[4].condition.wear[0]
    worn = replace(
        EXAMPLES[4],
        condition=EXAMPLES[4].condition.model_copy(
            update={"wear": tuple(mark.model_copy(update={"tag": tag}) for tag in tags[:16])}
        ),
    )
    description = template_text(worn, wording("fr")).description
    assert len(description) <= 700
    assert "photo 2" not in description


def test_corrected_facts_are_the_sellers(observation: Make) -> None:
    stated = replace(CANDLE, condition_stated=True, wear_stated=True)
    text = template_text(stated, wording("en")).description
    assert "Sign of wear, as the seller states: a minor scratch" in text
    assert "The condition is as the seller states it." in text
    assert "judged from" not in text
