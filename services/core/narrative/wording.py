"""The words of a language that no catalogue has: grades, severities, places, sentences, the prompt."""

import json
import re
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from catalogue.model import Language
from services.core.domain.report import Grade, Place, Severity

_QVALUE = re.compile(r"0(\.\d*)?|1(\.0*)?|\.\d+", re.ASCII)


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sentences(_Words):
    """The template's sentences, to be filled in; `thing` is the product with what is known of it.

    `plain` is the opening without a grade. `not_judged` is for photos that do not show the condition,
    `not_asked` for a model that judges the condition of no goods. Those that are `stated` are for what the
    owner corrected. `mark` is of one mark, `marks` of several; `none_of` names kinds of wear that were not
    seen. `caption` is empty where the language prints no caption.
    """

    title: str
    title_not_judged: str
    title_unknown: str
    opening: str
    plain: str
    unknown: str
    several: str
    material: str
    colour: str
    pattern: str
    grade: str
    mark: str
    marks: str
    mark_stated: str
    marks_stated: str
    no_mark: str
    no_other_mark: str
    no_mark_stated: str
    no_other_mark_stated: str
    none_of: str
    not_judged: str
    not_asked: str
    wear_not_judged: str
    left_out: str
    caption: str
    source: str
    source_stated: str
    look: str


class ExampleSentence(_Words):
    """A sentence of an example's answer, and the ids of the facts that it states."""

    text: str
    facts: tuple[str, ...]


class Example(_Words):
    """A worked example: the facts by id as the prompt gives them, and the answer to them.

    The demo model does not know its goods, so that an answer that copies an example does not hold. The
    languages have the same examples in the same order.
    """

    facts: dict[str, str]
    title: str
    sentences: tuple[ExampleSentence, ...]


class PromptWords(_Words):
    """How the prompt calls the language, in English, and how it states facts that are more than a name."""

    language: str
    grade: str
    photo: str
    no_mark: str
    no_other_mark: str
    none_of: str
    not_recognised: str
    condition: str
    condition_not_asked: str
    left_out: str
    stated: str
    examples: tuple[Example, ...]


class Wording(_Words):
    """All words of one language that a text is made of, beside the catalogue's.

    `item` is what a product is called that was not recognised. The forms of a severity agree with a noun.
    `attributive` are materials as they stand before a noun. `or_` joins what is denied.
    """

    language: Language
    item: str
    grades: dict[Grade, str]
    severities: dict[Severity, tuple[str, ...]]
    places: dict[Place, str]
    attributive: dict[str, str]
    and_: str = Field(alias="and")
    or_: str = Field(alias="or")
    template: Sentences
    prompt: PromptWords

    def __hash__(self) -> int:
        """By identity, since a language's words are read once."""
        return id(self)


@cache
def wording(language: Language) -> Wording:
    """The committed words of a language, read once for each process."""
    path = Path(__file__).parent / "wording" / f"{language}.json"
    return Wording.model_validate(json.loads(path.read_text("utf-8")))


def preferred_language(accept_language: str) -> Language:
    """English or French, by the weights of an Accept-Language header; English if they are equal.

    `fr_CA` counts as `fr-CA`, and an entry with a malformed weight as absent.
    """
    weights: dict[str, float] = {}
    for part in accept_language.lower().split(","):
        tag, *parameters = (piece.strip() for piece in part.split(";"))
        values = [
            value.strip()
            for name, _, value in (each.partition("=") for each in parameters)
            if name.strip() == "q"
        ]
        if all(_QVALUE.fullmatch(value) for value in values):
            base = re.split("[-_]", tag)[0]
            weights[base] = max(min(map(float, values), default=1.0), weights.get(base, 0.0))
    others = weights.get("*", 0.0)
    return "fr" if weights.get("fr", others) > weights.get("en", others) else "en"
