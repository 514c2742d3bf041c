"""The words that a buyer may search for, in one language: only what was seen, and no maker's name."""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

from catalogue import Catalogue, Kind
from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.domain.report import UNKNOWN
from services.core.narrative.grammar import described, text_of
from services.core.narrative.labels import LabelNames, label_words
from services.core.narrative.wording import wording

MOST_KEYWORDS, KEYWORD_CHARACTERS = 13, 50


def keywords(assessment: Assessment, language: Language, catalogue: Catalogue) -> tuple[str, ...]:
    """At most MOST_KEYWORDS different keywords, the most exact first; the last says "second-hand"."""
    found: dict[str, str] = {}
    for word in _words(assessment, language, catalogue):
        if len(word) <= KEYWORD_CHARACTERS:
            found.setdefault(word.casefold(), word)
    last = label_words(language).second_hand
    return (*[word for word in found.values() if word != last][: MOST_KEYWORDS - 1], last)


def _words(assessment: Assessment, language: Language, catalogue: Catalogue) -> Iterator[str]:
    product, goods = assessment.product, assessment.goods
    names = LabelNames(language, catalogue)
    item, kind = names.item(product.type), goods.kind
    material = names.material(product.material) if product.material != UNKNOWN else None
    colour = product.colour if product.colour != UNKNOWN else None
    pattern = product.pattern if product.pattern != UNKNOWN else None
    if product.type != UNKNOWN:
        yield names.kind(product.type)
    if kind is not None:
        before = wording(language).attributive.get(product.material) if language == "en" else None
        yield described(item, language, None, names.colour(colour, item) if colour else None, None)
        yield described(item, language, before or material, None, None)
        yield from _other_names(kind, language, catalogue)
        yield from (text_of(each.noun, language) for each in _broader(kind, catalogue))
    yield from filter(None, [material])
    # By itself, a colour or pattern is searched for as a dictionary has it.
    yield from (names.colour(id_) for id_ in [colour] if id_)
    yield from (names.pattern(id_) for id_ in [pattern] if id_)
    if kind is not None and kind.department not in _listed("no_trade"):
        department = catalogue.departments[kind.department]
        yield department.name_en if language == "en" else department.name_fr


def _other_names(kind: Kind, language: Language, catalogue: Catalogue) -> Iterator[str]:
    """The plural of what is sold in pairs, and English answers that are true of each article of the kind."""
    if kind.pair is not None:
        yield kind.pair.en if language == "en" else kind.pair.fr
    if language == "en":
        untrue = _listed("left_out") | _described_by(catalogue)
        # Of several words, one may claim what is not seen: "silk tie" for any necktie.
        answers = [answer for answer in (kind.answer, *kind.aliases) if " " not in answer]
        yield from (answer for answer in answers if answer not in untrue)


def _broader(kind: Kind, catalogue: Catalogue) -> Iterator[Kind]:
    id_ = kind.broader
    while id_ is not None:
        yield catalogue.kinds[id_]
        id_ = catalogue.kinds[id_].broader


def _described_by(catalogue: Catalogue) -> frozenset[str]:
    """The answers about materials, colours and patterns."""
    materials = [each for one in catalogue.departments.values() for each in one.materials]
    named = [(each.answer, *each.aliases) for each in materials]
    named += [(each.answer, *each.aliases) for each in (*catalogue.colours, *catalogue.patterns)]
    return frozenset(answer for answers in named for answer in answers)


@cache
def _listed(name: Literal["left_out", "no_trade"]) -> frozenset[str]:
    found = tomllib.loads(Path(__file__).with_name("keywords.toml").read_text("utf-8"))
    return frozenset(found[name])
