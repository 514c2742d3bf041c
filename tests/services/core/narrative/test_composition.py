"""What of an LLM's draft is printed: nothing false, and all that must be said."""

import re
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catalogue
from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.narrative.composition import Composition, Draft, DraftSentence, compose
from services.core.narrative.facts import FACT_IDS, Facts
from services.core.narrative.grounding import Held, hold, hold_title
from services.core.narrative.lexicon import lexicon
from services.core.narrative.sentences import FactSentences, required
from services.core.narrative.template import fits, template_text
from services.core.narrative.wording import wording
from tests.services.conftest import DRAWN
from tests.services.core.narrative.any_assessment import assessments
from tests.services.core.narrative.examples import CANDLE, EXAMPLES, SECOND_HAND
from tests.services.core.narrative.goods import assessment_of, worn_mark

LANGUAGES: tuple[Language, ...] = get_args(Language)
GOODS = catalogue.load(catalogue.SECOND_HAND).select(["kitchen", "shoes"])
UNKNOWN_GOODS, CAMERA = EXAMPLES[0], EXAMPLES[1]
TRUE = Draft(
    "Wax candle with a minor scratch",
    (
        DraftSentence("A wax candle in good condition, rated 8 out of 10.", ("kind", "material", "grade")),
        DraftSentence("Photo 1 shows a minor scratch at the top right.", ("mark1",)),
        DraftSentence("Please look at the photo before you decide."),
    ),
)
# Words of claims that no assessment holds, by language.
FALSE_WORDS: dict[Language, list[str]] = {
    "en": [
        "genuine",
        "vintage",
        "Ikea",
        "flawless",
        "waterproof",
        "seventy",
        "photo 9",
        "solid gold",
        "unworn",
    ],
    "fr": ["authentique", "vintage", "Ikea", "impeccable", "étanche", "photo 9", "neuf", "soixante"],
}


def composed(draft: Draft, assessment: Assessment, language: Language = "en") -> Composition:
    goods = DRAWN if assessment.product.type in DRAWN.kinds else SECOND_HAND
    return compose(draft, assessment, wording(language), lexicon(goods, language))


@pytest.mark.parametrize(
    "draft", [("absent", "mark1", "mark2"), ("mark1", "absent", "mark2"), ("mark1", "absent")]
)
def test_denial_of_others_follows_every_mark(draft: tuple[str, ...]) -> None:
    said = {
        "mark1": "Photo 1 shows a chip.",
        "mark2": "There is a stain in photo 1.",
        "absent": "No other sign of wear was seen in the photos.",
    }
    mug = replace(assessment_of(DRAWN, "mug", "ceramic", [worn_mark("chip"), worn_mark("stain")]), photos=1)
    written = Draft("Ceramic mug with a chip", tuple(DraftSentence(said[id_], (id_,)) for id_ in draft))
    description = composed(written, mug).text.description
    assert description.index("No other") > max(description.index("chip"), description.index("stain"))


def test_true_draft_is_printed_as_it_is() -> None:
    text = composed(TRUE, CANDLE).text
    assert text.source == "llm"
    assert text.title == TRUE.title
    assert text.description == " ".join(sentence.text for sentence in TRUE.sentences)


def test_false_sentence_is_replaced_in_place() -> None:
    draft = replace(
        TRUE,
        sentences=(
            TRUE.sentences[0],
            DraftSentence("Photo 2 shows a minor scratch.", ("mark1",)),
            TRUE.sentences[2],
        ),
    )
    made = composed(draft, CANDLE)
    assert made.text.source == "mixed"
    assert made.text.description.split(". ")[1] == (
        "Visible sign of wear: a minor scratch (photo 1, top right)"
    )
    assert [broken.rule.value for broken in made.violations] == ["photo"]


def test_missing_mark_is_added_before_requests() -> None:
    text = composed(replace(TRUE, sentences=(TRUE.sentences[0], TRUE.sentences[2])), CANDLE).text
    assert text.description.endswith("(photo 1, top right). Please look at the photo before you decide.")


def test_nothing_true_is_the_template() -> None:
    text = composed(Draft("Ikea candle", (DraftSentence("A genuine antique."),)), CANDLE).text
    assert text == template_text(CANDLE, wording("en"))


@pytest.mark.parametrize("title", ["", "Candle. " * 40, "Scented soy candle", "<b>Wax candle</b>"])
def test_unfit_title_is_the_template(title: str) -> None:
    text = composed(replace(TRUE, title=title), CANDLE).text
    assert (text.title, text.source) == ("Second-hand wax candle, good condition", "mixed")


def test_title_says_what_is_not_known() -> None:
    title = composed(Draft("Article for sale"), UNKNOWN_GOODS).text.title
    assert title == "Item not recognised from the photos"
    assert (
        composed(Draft("Black camera"), CAMERA).text.title == "Second-hand black camera, condition not judged"
    )


@pytest.mark.parametrize(
    ("language", "title", "holds"),
    [
        ("en", "Black camera, condition not judged", True),
        ("en", "Black camera not judged", False),
        ("fr", "Appareil photo noir, état non jugé", True),
        ("fr", "Appareil photo noir non jugé", False),
    ],
)
def test_title_names_the_condition_that_was_not_judged(language: Language, title: str, holds: bool) -> None:
    words, known = wording(language), lexicon(SECOND_HAND, language)
    printed = compose(Draft(title), CAMERA, words, known).text.title
    assert printed == (title if holds else template_text(CAMERA, words).title)


def test_repeated_sentences_are_printed_once() -> None:
    text = composed(replace(TRUE, sentences=TRUE.sentences * 3), CANDLE).text
    assert text.description == " ".join(sentence.text for sentence in TRUE.sentences)


def test_unreadable_citations_are_ignored() -> None:
    draft = replace(TRUE, sentences=tuple(replace(each, facts=("mark9", "x")) for each in TRUE.sentences))
    assert composed(draft, CANDLE).text.source == "llm"


def test_thousand_sentences_are_bounded() -> None:
    many = tuple(
        DraftSentence(f"Photo 1 shows a minor scratch, number {n}.", ("mark1",)) for n in range(1000)
    )
    made = composed(Draft("x", many), CANDLE)
    assert fits(made.text.description)
    assert len(made.violations) < 20


def test_more_marks_than_ids_are_all_stated() -> None:
    tags = [wear.id for wear in GOODS.departments["kitchen"].wear]
    mark = CANDLE.condition.wear[0]
    worn = replace(
        CANDLE,
        condition=CANDLE.condition.model_copy(
            update={"wear": tuple(mark.model_copy(update={"tag": tag}) for tag in tags)}
        ),
    )
    description = composed(TRUE, worn).text.description
    assert all(tag.replace("_", " ") in description for tag in ("rust", "dent", "stain", "missing_part"))


@st.composite
def altered(draw: st.DrawFn, language: Language, assessment: Assessment) -> Draft:
    """The template's sentences as a draft: some left out, moved or altered by a false word."""
    words = FactSentences(assessment, wording(language))
    drafts = []
    for sentence in [each for id_ in FACT_IDS for each in words.of([id_])]:
        text = sentence.text
        change = draw(st.sampled_from(["keep", "keep", "drop", "word", "number"]))
        if change == "drop":
            continue
        if change == "word":
            false = draw(st.sampled_from(FALSE_WORDS[language]))
            text = f"{text[:-1]}, {false}."
        elif change == "number":
            text = re.sub(r"\d+", lambda digit: str(int(digit[0]) + 11), text)
        drafts.append(DraftSentence(text, tuple(sorted(sentence.facts))))
    title = template_text(assessment, wording(language)).title
    false_title = f"{title} {draw(st.sampled_from(FALSE_WORDS[language]))}"
    return Draft(draw(st.sampled_from([title, false_title, ""])), tuple(draw(st.permutations(drafts))))


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
# Each takes a tenth of a second: the draft is altered, composed and composed again.
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_false_and_all_that_must_be_said(language: Language, data: st.DataObject) -> None:
    assessment = data.draw(assessments(GOODS))
    draft = data.draw(altered(language, assessment))
    words, own, facts = wording(language), lexicon(GOODS, language), Facts(assessment)
    text = compose(draft, assessment, words, own).text
    printed = re.split(r"(?<=[.!?])\s+", text.description)
    for false in FALSE_WORDS[language]:
        assert false.casefold() not in f"{text.title} {text.description}".casefold()
    held = [hold(each, facts.marks, facts, own) for each in printed]
    said = frozenset().union(*(each.facts for each in held if isinstance(each, Held)))
    title = hold_title(text.title, facts, own)
    assert all(isinstance(each, Held) for each in [title, *held]), (text, held)
    assert required(facts) <= said | (title.facts if isinstance(title, Held) else frozenset()), text
    assert len(printed) == len(set(printed))
    assert fits(text.description)
    assert len(text.title) <= 100
    again = Draft(text.title, tuple(DraftSentence(each, tuple(facts.ids)) for each in printed))
    assert compose(again, assessment, words, own).text.description == text.description


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    title=st.text(max_size=200),
    sentences=st.lists(st.tuples(st.text(max_size=300), st.lists(st.text(max_size=10))), max_size=5),
)
@settings(max_examples=40, deadline=None)
def test_any_draft_gives_a_text(
    language: Language, title: str, sentences: list[tuple[str, list[str]]]
) -> None:
    draft = Draft(title, tuple(DraftSentence(text, tuple(facts)) for text, facts in sentences))
    assert fits(composed(draft, CANDLE, language).text.description)
