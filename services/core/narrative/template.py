"""Fills a language's sentences with an assessment's facts: the text without an LLM."""

from collections.abc import Iterator, Mapping
from itertools import product

from services.core.domain.assessment import Assessment
from services.core.domain.report import UNKNOWN, Reason
from services.core.narrative.grounding import (
    DESCRIPTION_CHARACTERS,
    DESCRIPTION_WORDS,
    TITLE_CHARACTERS,
    caption_fits,
)
from services.core.narrative.names import Names, stated_mark
from services.core.narrative.wording import Text, Wording


def template_text(assessment: Assessment, words: Wording) -> Text:
    """Title and description of about 50 words that state the evidence and nothing else.

    Where they would be too long, the title has no pattern, the description no caption or details of marks.
    """
    names, condition = Names(assessment, words), assessment.condition
    facts = {
        "grade": words.grades[condition.grade][0] if condition.grade else "",
        "score": condition.score,
        "caption": assessment.caption,
    }
    of_title = words.template.title_not_assessed if condition.grade is None else words.template.title
    things = (names.thing(), names.thing(pattern=False))
    titles = [filled(of_title, {**facts, "thing": thing}) for thing in things]
    facts["thing"] = names.thing()
    description = ""
    for wear, captioned in product(_wear(assessment, names, words), (True, False)):
        sentences = _sentences(assessment, words, captioned=captioned)
        description = " ".join(filled(sentence, {**facts, "wear": wear}) for sentence in sentences)
        if len(description.split()) in DESCRIPTION_WORDS and len(description) <= DESCRIPTION_CHARACTERS:
            break
    title = next((each for each in titles if len(each) <= TITLE_CHARACTERS), titles[-1])
    return Text(title=title, description=description)


def filled(sentence: str, facts: Mapping[str, object]) -> str:
    """The sentence with its facts, beginning with a capital."""
    text = sentence.format(**facts)
    return text[:1].upper() + text[1:]


def _wear(assessment: Assessment, names: Names, words: Wording) -> Iterator[str]:
    """The marks of the condition, with their details and without."""
    for detailed in (True, False):
        marks = (stated_mark(each, names, words, detailed=detailed) for each in assessment.condition.wear)
        yield ", ".join(marks)


def _sentences(assessment: Assessment, words: Wording, *, captioned: bool) -> Iterator[str]:
    sentences, condition = words.template, assessment.condition
    yield sentences.opening_not_assessed if condition.grade is None else sentences.opening
    if assessment.product.type == UNKNOWN:
        several = Reason.SEVERAL_THINGS in assessment.confidence.reasons and not assessment.left_out
        yield sentences.several if several else sentences.unknown
    if captioned and sentences.caption and caption_fits(assessment, words):
        yield sentences.caption
    if condition.wear:
        yield sentences.wear_stated if assessment.wear_stated else sentences.wear
    elif assessment.wear_judged:
        yield sentences.no_wear_stated if assessment.wear_stated else sentences.no_wear
    if assessment.left_out:
        yield sentences.left_out
    if condition.grade is None:
        yield sentences.closing_not_assessed
    else:
        yield sentences.closing_stated if assessment.condition_stated else sentences.closing
