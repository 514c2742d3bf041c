"""The words of a language that no catalogue has: grades, ordinary words, sentences, the prompt."""

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

    Those of what is stated are for what the owner corrected.
    """

    title: str
    title_not_assessed: str
    opening: str
    opening_not_assessed: str
    unknown: str
    several: str
    left_out: str
    wear: str
    wear_stated: str
    no_wear: str
    no_wear_stated: str
    caption: str
    closing: str
    closing_stated: str
    closing_not_assessed: str


class Text(_Words):
    """A title and a description, from the LLM or from the template."""

    title: str
    description: str


class ExampleGoods(_Words):
    """Goods for the worked examples, feminine in French as their marks are.

    The demo model does not know them, so that no example leaks into an answer.
    """

    item: str
    material: str
    colour: str
    pattern: str
    name: str
    plain_name: str
    marks: tuple[str, ...]


class PromptWords(_Words):
    """The prompt's sentences, to be filled in; what is unknown has no line, and no sentence."""

    system: str
    item: str
    material: str
    colour: str
    pattern: str
    looks_like: str
    condition: str
    marks: str
    looks: str
    looks_plain: str
    looks_with_article: bool
    not_judged: str
    and_: str = Field(alias="and")
    none: str
    goods: tuple[ExampleGoods, ...]
    title: str
    title_marked: str
    title_plain: str
    opening: str
    opening_not_judged: str
    made_of: str
    no_marks: str
    marked: str
    marked_only: str
    look: str
    look_at_marks: str


class DenialWords(_Words):
    """A language's words of denial: `no` opens one, `joining` may occur within it, `but` ends it.

    `other` excludes what was stated before: "no other marks".
    """

    no: tuple[str, ...]
    other: tuple[str, ...]
    joining: tuple[str, ...]
    but: tuple[str, ...]


class Wording(_Words):
    """All words of one language beside the catalogue's.

    `item` is what a product is called that was not recognised. The first form of a grade is its name; those
    of a severity agree with a noun. `participles` state a kind of wear, `adjectives` a material, by their
    ids; `attributive` are materials as they stand before a noun. `looks`, `colours`, `patterns`,
    `attributes` and `parts` describe something else: only a caption may introduce them. An attribute
    belongs to the next word: "a small mug", not "a small chip". A part may not be named beside wear, since
    a text does not know where the wear is. `marks` are wear of any kind. `ordinary` words are chosen so
    that they cannot express a history, function, size, place or extent; nor can `phrases`, though their
    single words could. A phrase with an `exclusive` word says that there is no other wear. `not_judged`
    phrases say that the condition was not assessed, `not_recognised` ones that the product is unknown.
    """

    language: Language
    item: str
    grades: dict[Grade, tuple[str, ...]]
    severities: dict[Severity, tuple[str, ...]]
    places: dict[Place, str]
    participles: dict[str, tuple[str, ...]]
    adjectives: dict[str, tuple[str, ...]]
    attributive: dict[str, str]
    marks: tuple[str, ...]
    denial: DenialWords
    ordinary: tuple[str, ...]
    phrases: tuple[str, ...]
    exclusive: tuple[str, ...]
    not_judged: tuple[str, ...]
    not_recognised: tuple[str, ...]
    looks: tuple[str, ...]
    colours: tuple[str, ...]
    patterns: tuple[str, ...]
    attributes: tuple[str, ...]
    parts: tuple[str, ...]
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
