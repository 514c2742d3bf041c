"""What texts say of every kind, material, colour, pattern and wear of both catalogues, in both languages."""

import re
from itertools import cycle

import pytest

import catalogue
from catalogue import Catalogue
from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.domain.report import Place, Severity
from services.core.narrative.facts import Facts
from services.core.narrative.grounding import Held, hold_title
from services.core.narrative.lexicon import lexicon
from services.core.narrative.template import fits, template_text
from services.core.narrative.wording import wording
from tests.services.core.narrative.goods import assessment_of, worn_mark

REAL = catalogue.load(catalogue.SECOND_HAND)
CATALOGUES = [catalogue.load(catalogue.DRAWN), REAL]
# Beginnings that are written with a vowel and spoken with a consonant, or the other way round.
_LIKE_CONSONANTS = "uni|ukul|util|used|USB|UV|one"
_LIKE_VOWELS = "hour|[FLMNRSX][A-Z0-9]|8|18|11"
_ENGLISH = [
    rf"\ba (?!{_LIKE_CONSONANTS})[aeiouAEIOU]",
    rf"\ba ({_LIKE_VOWELS})(?!IDI)",
    rf"\ban (?!{_LIKE_VOWELS})[^aeiouAEIOU]",
    rf"\ban ({_LIKE_CONSONANTS})",
    r"\b(an?|the) (an?|the) ",
    r"\ban? (scissors|jeans|glasses|sunglasses|pants|binoculars|pliers|headphones|rust|fading|dirt)\b",
]
# Words that begin with a spoken h, of which no vowel is left out.
_SPOKEN_H = "ha(?!lloween|lt|rmo|bi|meç)|hau|ho(?!r)|heu|hoch|hott|hous|y"
_FRENCH = [
    r"\bde (le|les|un|des) ",
    r"\bà (le|les) ",
    rf"\b(le|la|de) (?!{_SPOKEN_H})[aeiouéèêâîôûœh]",
    rf"\b[ld]'({_SPOKEN_H})",
    r"\b[ld]'(?![aeiouéèêâîôûœh])",
    r"\b(un|une|le|la|les|du|des) (un|une|le|la|les|du|des) ",
]
_WRONG: dict[Language, re.Pattern[str]] = {
    "en": re.compile("|".join(_ENGLISH)),
    "fr": re.compile("|".join(_FRENCH), re.IGNORECASE),
}


def every_kind(words: Catalogue) -> list[Assessment]:
    """Each kind once, and with them each material and wear of their department, each colour and pattern."""
    colours, patterns = (
        cycle([each.id for each in words.colours] or [None]),
        cycle([each.id for each in words.patterns] or [None]),
    )
    places, severities = cycle([*Place, None]), cycle([*Severity, None])
    made = []
    for department in words.departments.values():
        materials, wear = cycle(department.materials), cycle(department.wear)
        more = max(len(department.materials), len(department.wear)) - len(department.kinds)
        for kind in [*department.kinds, *department.kinds[: max(0, more)]]:
            marks = [worn_mark(next(wear).id, next(places), next(severities)) for _ in range(2)]
            made.append(
                assessment_of(words, kind.id, next(materials).id, marks, next(colours), next(patterns))
            )
    return made


EVERY = [each for words in CATALOGUES for each in every_kind(words)]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_texts_are_grammatical_for_every_kind(language: Language) -> None:
    words, wrong = wording(language), _WRONG[language]
    for assessment in EVERY:
        template = template_text(assessment, words)
        assert len(template.title) <= 100
        said = f"{template.title}. {template.description}"
        assert not (found := wrong.search(said)), f"{found}: {said}"
        assert not re.search(r"  |\bNone\b|[{}]", said), said


@pytest.mark.parametrize("language", ["en", "fr"])
def test_titles_hold_for_kinds(language: Language) -> None:
    words = wording(language)
    # Each takes milliseconds, and the kinds of a department are alike.
    for assessment in EVERY[::23]:
        goods = REAL if assessment.product.type in REAL.kinds else CATALOGUES[0]
        title = template_text(assessment, words).title
        held = hold_title(title, Facts(assessment), lexicon(goods, language))
        assert isinstance(held, Held), (title, held)


def test_sample_has_every_word() -> None:
    seen = {
        word for each in EVERY for word in (each.product.material, each.product.colour, each.product.pattern)
    }
    tags = {(each.goods.asked, wear.tag) for each in EVERY for wear in each.condition.wear}
    departments = [department for words in CATALOGUES for department in words.departments.values()]
    assert tags == {(department.wear, tag.id) for department in departments for tag in department.wear}
    assert {each.id for each in (*REAL.colours, *REAL.patterns)} <= seen
    assert {each.id for one in departments for each in one.materials} <= seen
    assert {each.product.type for each in EVERY} == {kind for words in CATALOGUES for kind in words.kinds}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("department", REAL.departments)
def test_all_wear_at_once_fits(language: Language, department: str) -> None:
    words, goods = wording(language), REAL.departments[department]
    marks = [worn_mark(tag.id, Place.BOTTOM_RIGHT, Severity.MODERATE) for tag in goods.wear]
    longest = max(goods.kinds, key=lambda kind: len(kind.noun.fr if language == "fr" else kind.noun.en))
    material = max(goods.materials, key=lambda material: len(material.noun.fr))
    worn = assessment_of(REAL, longest.id, material.id, marks, "light_green", "camouflage")
    assert fits(template_text(worn, words).description)


@pytest.mark.parametrize(
    ("kind", "material", "colour", "pattern", "title"),
    [
        (
            "scissors",
            "stainless_steel",
            "orange",
            "plain",
            "Ciseaux orange unis en acier inoxydable d'occasion",
        ),
        ("hammock", "cotton", "white", "striped", "Hamac blanc à rayures en coton d'occasion"),
        ("vase", "ceramic", "blue", "floral", "Vase bleu à fleurs en céramique d'occasion"),
        ("sunglasses", "plastic", "black", None, "Lunettes de soleil noires en plastique d'occasion"),
        ("skirt", "sequins", "gold", "embroidered", "Jupe dorée brodée en tissu pailleté d'occasion"),
    ],
)
def test_french_title_agrees(kind: str, material: str, colour: str, pattern: str | None, title: str) -> None:
    text = template_text(assessment_of(REAL, kind, material, (), colour, pattern), wording("fr"))
    assert text.title == f"{title}, état : excellent"


def test_english_title_has_colour_and_pattern() -> None:
    skirt = assessment_of(REAL, "skirt", "sequins", (), "gold", "animal_print")
    text = template_text(skirt, wording("en"))
    assert text.title == "Second-hand gold sequin skirt with an animal print, excellent condition"


def test_mark_says_severity_and_place() -> None:
    marks = [
        worn_mark("scratch", Place.TOP_LEFT, Severity.MINOR),
        worn_mark("sole_wear", Place.BOTTOM_RIGHT, Severity.SEVERE),
        worn_mark("stain"),
    ]
    boot = assessment_of(REAL, "boot", "leather", marks)
    assert (
        "Visible signs of wear: a minor scratch (photo 1, top left), severe sole wear (photo 1, bottom "
        "right), a stain (photo 1)." in template_text(boot, wording("en")).description
    )
    assert (
        "une rayure légère (photo 1, en haut à gauche), de l'usure de la semelle, importante (photo 1, "
        "en bas à droite), une tache (photo 1)." in template_text(boot, wording("fr")).description
    )
