"""Holds a narrative against the evidence: a claim that the model's answers do not carry is found out."""

import re
from collections.abc import Iterator

from services.core.assess import Assessment
from services.core.wording import Text, Wording

DESCRIPTION_WORDS = range(15, 100)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NAME = re.compile(r"(?<![.!?:…\n]\s)(?<!^)(?<![\w'’-])[A-ZÀ-Þ][\w-]*")


def unsupported_claim(text: Text, assessment: Assessment, words: Wording) -> str | None:
    """The first reason not to print `text` as what is known of the product, or None when it holds."""
    return next(_objections(text, assessment, words), None)


def caption_fits(assessment: Assessment, words: Wording) -> bool:
    """Whether the caption names the product and nothing that the scored answers contradict.

    Captions are generated, in English: a small model's may contradict its own scored answers, which win.
    """
    product = assessment.product
    facts = {product.type, product.material, *(wear.tag for wear in assessment.condition.wear)}
    seen = _normal(assessment.caption)
    named = product.type in words.forms and _first(words.forms[product.type], seen) is not None
    return named and not any(code not in facts and _first(forms, seen) for code, forms in words.forms.items())


def _objections(text: Text, assessment: Assessment, words: Wording) -> Iterator[str]:
    product, condition = assessment.product, assessment.condition
    tags = [wear.tag for wear in condition.wear]
    facts = {product.type, product.material, condition.grade.value, *tags}
    everything = _normal(f"{text.title} . {text.description}")
    description = _normal(text.description)
    seen = _normal(assessment.caption)

    if len(description.split()) not in DESCRIPTION_WORDS:
        yield "the description is too short or too long"
    for code, forms in words.forms.items():
        if code not in facts and (form := _first(forms, everything)):
            yield f"{form!r} was not seen"
    for colour in words.colours:
        if _holds(everything, colour) and not _holds(seen, colour):
            yield f"the colour {colour!r} was not seen"
    for code in (product.type, *tags):
        if code in words.forms and not _first(words.forms[code], description):
            yield f"{code!r} is not mentioned"
    if claim := _first(words.unproven, everything):
        yield f"{claim!r} is not proven"
    if tags and (denial := _first(words.denials, everything)):
        yield f"{denial!r} denies the wear that was seen"
    for number in re.findall(r"\d+", f"{text.title} {text.description}"):
        if number not in (str(condition.score), "10"):
            yield f"the number {number} comes from nowhere"
    if name := _NAME.search(text.description):
        yield f"{name.group()!r} looks like a name"
    yield from _strangers_in_title(text.title, words, seen)


def _strangers_in_title(title: str, words: Wording, seen: str) -> Iterator[str]:
    # A brand hides in a title, where every word may be capitalised: only known words may stand there.
    known = set(words.title_words) | set(words.colours) | set(seen.split())
    for phrase in (*words.names.values(), *(form for forms in words.forms.values() for form in forms)):
        known.update(_normal(phrase).split())
    for word in _normal(title).split():
        if word not in known:
            yield f"the title's {word!r} comes from nowhere"


def _normal(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.lower()))} "


def _holds(normal: str, phrase: str) -> bool:
    return _normal(phrase) in normal


def _first(phrases: tuple[str, ...], normal: str) -> str | None:
    return next((phrase for phrase in phrases if _holds(normal, phrase)), None)
