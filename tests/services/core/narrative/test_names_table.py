"""All names of the catalogues, as texts combine them, held against each language's grammar."""

from collections.abc import Iterator
from itertools import cycle, product

import pytest

from catalogue import DRAWN, Catalogue, Department, Kind, Noun, Wear, load
from catalogue.model import Language
from services.core.domain.report import Place, Severity
from services.core.narrative.grammar import (
    agree,
    agreed,
    described,
    of_the,
    plural_of,
    text_of,
    the,
    with_article,
)
from services.core.narrative.names import Names, stated_mark
from services.core.narrative.wording import wording
from tests.services.core.narrative import english_rules, french_rules
from tests.services.core.narrative.french_genders import EITHER, words
from tests.services.core.narrative.goods import assessment_of, worn_mark

LANGUAGES: tuple[Language, ...] = ("en", "fr")
SEVERITIES = [*Severity, None]
PLACES = [*Place, None]
# Of each: un sac, une robe, des sacs, des robes.
STATES = [
    [masculine, f"{masculine}e", f"{masculine}s", f"{masculine}es"]
    for masculine in words("brûlé déchiré ébréché écaillé fissuré rayé taché terni tordu troué usé")
]
ASPIRATED = words("""
    hache hachoir hamac harnais harpe haut haut-de-forme haut-parleur hautbois heurtoir hochet
    home-trainer hotte housse hoverboard
""")

# In the plural as in the singular, as most dictionaries have them.
UNCHANGED = words("""
    BMX DVD GPS abat-jour baby-foot coupe-vent dessous-de-plat garde-boue grille-pain lave-linge
    lave-vaisselle pare-feu pare-soleil pare-vent porte-monnaie presse-ail ras-de-cou serre-tête
    sous-main sèche-linge
""")


@pytest.fixture(scope="module", params=["second_hand", "drawn"])
def catalogue(request: pytest.FixtureRequest) -> Catalogue:
    return load(DRAWN) if request.param == "drawn" else load()


@pytest.fixture(scope="module")
def departments(catalogue: Catalogue) -> list[Department]:
    return list(catalogue.departments.values())


@pytest.fixture(scope="module")
def kinds(catalogue: Catalogue) -> list[Kind]:
    return list(catalogue.kinds.values())


@pytest.fixture(scope="module")
def wear(departments: list[Department]) -> list[Wear]:
    return list({wear.id: wear for department in departments for wear in department.wear}.values())


@pytest.fixture(scope="module")
def nouns(departments: list[Department], kinds: list[Kind], wear: list[Wear]) -> list[Noun]:
    materials = {
        material.id: material.noun for department in departments for material in department.materials
    }
    return [*(kind.noun for kind in kinds), *(each.noun for each in wear), *materials.values()]


def head(noun: Noun) -> str:
    first, *rest = noun.fr.split(" ")
    return rest[0] if first in {"beau", "fausse"} else first


def test_french_gender_is_the_dictionarys(nouns: list[Noun]) -> None:
    wrong = {
        noun.fr: french_rules.gender(head(noun))
        for noun in nouns
        if head(noun) not in EITHER and french_rules.gender(head(noun)) != noun.gender
    }
    assert wrong == {}


def test_french_h_is_the_dictionarys(kinds: list[Kind]) -> None:
    heads = {head(kind.noun): kind.noun.aspirated_h for kind in kinds if head(kind.noun).startswith("h")}
    assert heads == {name: name in ASPIRATED for name in heads}
    assert {name for name in heads if not french_rules.elides(name)} == heads.keys() & ASPIRATED


def test_french_articles_of_all_names(nouns: list[Noun]) -> None:
    phrases = [f"{with_article(noun, 'fr')} ; {the(noun, 'fr')} ; {of_the(noun, 'fr')}" for noun in nouns]
    assert french_rules.faults("\n".join(phrases)) == []


def test_english_articles_of_all_names(nouns: list[Noun]) -> None:
    phrases = [f"{with_article(noun, 'en')}; {the(noun, 'en')}; {of_the(noun, 'en')}" for noun in nouns]
    assert english_rules.faults("\n".join(phrases)) == []


def goods(catalogue: Catalogue, departments: list[Department]) -> Iterator[str]:
    """Every kind of every material of its department; colours and patterns take turns."""
    colours, patterns = cycle([*catalogue.colours, None]), cycle([*catalogue.patterns, None])
    for department in departments:
        for kind, material in product(department.kinds, [*department.materials, None]):
            noun, looks = kind.noun, (next(colours), next(patterns))
            for language in LANGUAGES:
                name = text_of(material.noun, language) if material else None
                colour, pattern = (agreed(one, noun, language) if one else None for one in looks)
                yield with_article(noun, language, described(noun, language, name, colour, pattern))


def test_every_kind_of_every_material(catalogue: Catalogue, departments: list[Department]) -> None:
    phrases = list(goods(catalogue, departments))
    assert len(phrases) == 2 * sum(len(each.kinds) * (len(each.materials) + 1) for each in departments)
    assert english_rules.faults("\n".join(phrases[::2])) == []
    assert french_rules.faults("\n".join(phrases[1::2])) == []


def test_every_kind_in_every_state(kinds: list[Kind]) -> None:
    """« la tasse ébréchée », « les lunettes rayées »: each form agrees with each noun."""
    phrases = (
        f"{the(kind.noun, 'fr')} {agree(forms, kind.noun, 'fr')}" for kind in kinds for forms in STATES
    )
    assert french_rules.faults("\n".join(phrases)) == []


def test_every_colour_in_every_form(catalogue: Catalogue) -> None:
    for one in (*catalogue.colours, *catalogue.patterns):
        masculine, feminine, *plurals = one.fr_m, one.fr_f, one.fr_m_plural, one.fr_f_plural
        if one.fr_m != one.fr_f or plurals != [masculine, feminine]:
            assert plurals == [masculine if masculine.endswith("s") else f"{masculine}s", f"{feminine}s"], (
                one.id
            )
            assert feminine in {masculine, f"{masculine}e", "blanche", "violette"}, one.id
    invariable = {one.fr_m for one in catalogue.colours if one.fr_f_plural == one.fr_m}
    assert not invariable & words(
        "beige blanc bleu gris jaune multicolore noir rose rouge vert violet doré argenté"
    )
    assert all(
        " " not in form or form in invariable for one in catalogue.colours for form in (one.fr_m, one.fr_f)
    )


def test_every_mark_of_every_severity(catalogue: Catalogue, departments: list[Department]) -> None:
    kinds = {wear.id: department.kinds[0].id for department in departments for wear in department.wear}
    stated: dict[Language, list[str]] = {"en": [], "fr": []}
    for language, phrases in stated.items():
        spoken = wording(language)
        for tag, severity, place in product(kinds, SEVERITIES, PLACES):
            mark = worn_mark(tag, place, severity)
            names = Names(assessment_of(catalogue, kinds[tag], None, [mark]), spoken)
            phrases += [stated_mark(mark, names, spoken, detailed=detailed) for detailed in (True, False)]
    assert english_rules.faults("\n".join(stated["en"])) == []
    assert french_rules.faults("\n".join(stated["fr"])) == []


def test_plural_agrees_with_written_pairs(kinds: list[Kind]) -> None:
    pairs = [(kind.noun, kind.pair) for kind in kinds if kind.pair]
    assert [(plural_of(noun.en, "en"), plural_of(noun.fr, "fr")) for noun, _ in pairs] == [
        (pair.en, pair.fr) for _, pair in pairs
    ]


def test_plurals_of_all_names(nouns: list[Noun]) -> None:
    plurals = [
        f"les {plural_of(noun.fr, 'fr')}" for noun in nouns if "fr" not in noun.plural | noun.uncountable
    ]
    unchanged = {fault.removeprefix("les ") for fault in french_rules.faults("\n".join(plurals))}
    assert unchanged <= UNCHANGED
