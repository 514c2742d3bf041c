"""Keywords of every kind of both catalogues: only what was seen, once, in few words."""

import re
from dataclasses import replace
from itertools import cycle

import pytest

import catalogue
from catalogue import Catalogue
from catalogue.model import Language
from services.core.domain.report import UNKNOWN, Product
from services.core.narrative.keywords import _listed, keywords
from services.core.narrative.labels import LabelNames
from tests.services.core.narrative.goods import assessment_of

REAL = catalogue.load(catalogue.SECOND_HAND)
DRAWN = catalogue.load(catalogue.DRAWN)
PHOTO = catalogue.load(catalogue.PHOTO)
LANGUAGES: list[Language] = ["en", "fr"]
_ARTICLE = re.compile(r"(the|an?|some|le|la|les|un|une|des|du) |l'", re.IGNORECASE)
# Names of makers that the catalogue has as what people answer.
TRADE_NAMES = {name for kind in REAL.kinds.values() for name in kind.trade_names}


def found_in(words: Catalogue, language: Language) -> list[tuple[str, tuple[str, ...]]]:
    colours = cycle([each.id for each in words.colours] or [None])
    patterns = cycle([each.id for each in words.patterns] or [None])
    found = []
    for department in words.departments.values():
        materials = cycle(department.materials)
        for kind in department.kinds:
            made = assessment_of(words, kind.id, next(materials).id, (), next(colours), next(patterns))
            found.append((kind.id, keywords(made, language, words)))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", [DRAWN, REAL], ids=["drawn", "second_hand"])
def test_every_kind_has_keywords(words: Catalogue, language: Language) -> None:
    for kind, found in found_in(words, language):
        assert 3 <= len(found) <= 13, kind
        assert len({word.casefold() for word in found}) == len(found), found
        for word in found:
            assert 0 < len(word) <= 50 and word.strip() == word and "_" not in word and "None" not in word
            assert not _ARTICLE.match(word), word
        noun = words.kinds[kind].noun
        assert found[0] == (noun.en if language == "en" else noun.fr)
        assert found[-1] == ("second-hand" if language == "en" else "d'occasion")
        assert TRADE_NAMES.isdisjoint(word.casefold() for word in found), found


def test_keywords_are_what_was_seen() -> None:
    made = assessment_of(REAL, "sneaker", "leather", (), "white", "striped")
    assert keywords(made, "en", REAL) == (
        *("sneaker", "white sneaker", "leather sneaker", "sneakers", "shoe"),
        *("leather", "white", "striped", "shoes", "second-hand"),
    )
    assert keywords(made, "fr", REAL) == (
        *("basket", "basket blanche", "basket en cuir", "baskets", "chaussure"),
        *("cuir", "blanc", "rayures", "chaussures", "d'occasion"),
    )


def test_material_stands_before_its_noun() -> None:
    dress = keywords(assessment_of(REAL, "dress", "sequins"), "en", REAL)
    assert "sequin dress" in dress and "sequins" in dress


def test_names_that_claim_more_are_left_out() -> None:
    necktie = keywords(assessment_of(REAL, "necktie", None), "en", REAL)
    assert "tie" in necktie and not any("silk" in word for word in necktie)
    assert "paperback" not in keywords(assessment_of(REAL, "book", None), "en", REAL)
    rug = next(kind for kind in REAL.kinds.values() if "sheepskin" in kind.aliases)
    assert "sheepskin" not in keywords(assessment_of(REAL, rug.id, None), "en", REAL)


def test_left_out_names_are_aliases() -> None:
    assert _listed("left_out") <= {alias for kind in REAL.kinds.values() for alias in kind.aliases}


def test_material_and_colour_are_said_once() -> None:
    found = keywords(assessment_of(REAL, "ring", "gold", (), "gold"), "en", REAL)
    assert [word for word in found if word == "gold"] == ["gold"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_goods_are_second_hand_alone(language: Language) -> None:
    made = assessment_of(REAL, "mug", None)
    unknown = replace(
        made,
        product=Product(type="unknown", material="unknown", colour="unknown", pattern="unknown"),
        goods=replace(made.goods, kind=None),
    )
    assert keywords(unknown, language, REAL) == (("second-hand",) if language == "en" else ("d'occasion",))
    # What the owner says of it is known.
    stated = replace(unknown, product=Product(type="unknown", material="bakelite_mix", colour="red"))
    red = LabelNames(language, REAL).colour("red")
    assert keywords(stated, language, REAL)[:2] == ("bakelite mix", red)


@pytest.mark.parametrize("language", LANGUAGES)
def test_demo_departments_are_no_keywords(language: Language) -> None:
    for words, kind in ((DRAWN, "mug"), (PHOTO, "mug")):
        made = assessment_of(words, kind, UNKNOWN, ())
        names = {name for each in words.departments.values() for name in (each.name_en, each.name_fr)}
        assert names.isdisjoint(keywords(made, language, words))
