"""The words for codes: every id of both catalogues in both languages, and what is unknown said to be so."""

import re
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

import catalogue
from catalogue import Catalogue
from catalogue.model import Language
from services.core.domain import colours
from services.core.domain.assessment import Assessment
from services.core.domain.listing import EvidenceLabel
from services.core.domain.report import (
    Condition,
    Evidence,
    Grade,
    Place,
    Product,
    Reason,
    Reliance,
    Severity,
    Wear,
)
from services.core.narrative.labels import label_words, labels
from tests.services.core.narrative.goods import assessment_of, worn_mark

REAL = catalogue.load(catalogue.SECOND_HAND)
DRAWN = catalogue.load(catalogue.DRAWN)
LANGUAGES: list[Language] = ["en", "fr"]
# What stands before a noun in a sentence, and not in a label.
_ARTICLE = re.compile(r"(the|an?|some|with|le|la|les|un|une|des|du|à|en)\b|l'", re.IGNORECASE)


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in strings(each)]
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in strings(each)]
    return [value] if isinstance(value, str) else []


def asked(words: Catalogue, *said: tuple[str, str]) -> tuple[Evidence, ...]:
    questions = {"type": words.questions.type, "material": words.questions.material}
    questions |= {"colour": words.questions.colour, "pattern": words.questions.pattern}
    questions["pixels"] = colours.QUESTION
    questions |= {tag.id: tag.question for one in words.departments.values() for tag in one.wear}
    return tuple(
        Evidence(question=questions.get(about, about), answer=answer, confidence=0.9)
        for about, answer in said
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", [DRAWN, REAL], ids=["drawn", "second_hand"])
def test_every_id_has_a_label(words: Catalogue, language: Language) -> None:
    colours, patterns = list(words.colours), list(words.patterns)
    for department in words.departments.values():
        marks = [
            Wear(tag=tag.id, photo=1, place=place, severity=severity, confidence=0.9)
            for tag, place, severity in zip(
                department.wear, [*Place] * 4, [*Severity, None] * 4, strict=False
            )
        ]
        for number, kind in enumerate(department.kinds):
            made = assessment_of(
                words,
                kind.id,
                department.materials[number % len(department.materials)].id,
                marks,
                colours[number % len(colours)].id if colours else None,
                patterns[number % len(patterns)].id if patterns else None,
            )
            found = labels(made, language, words)
            assert found.type == (kind.noun.en if language == "en" else kind.noun.fr)
            assert found.wear.keys() == {tag.id for tag in department.wear}
            assert found.places.keys() == {mark.place for mark in marks if mark.place}
            assert found.severities.keys() == {mark.severity for mark in marks if mark.severity}
            assert (found.colour is None, found.pattern is None) == (not colours, not patterns)
            for text in strings(found.model_dump(exclude={"severities", "places"})):
                assert text.strip() == text != "" and "_" not in text
                assert not _ARTICLE.match(text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_has_words(language: Language) -> None:
    for words in (DRAWN, REAL):
        tags = {tag.id for one in words.departments.values() for tag in one.wear}
        said = asked(words, *((tag, answer) for tag, answer in product(sorted(tags), ("yes", "no"))))
        made = replace(assessment_of(words, next(iter(words.kinds)), None), evidence=said)
        questions = label_words(language).wear
        assert [(each.question, each.answer) for each in labels(made, language, words).evidence] == [
            (questions[tag], answer)
            for tag, answer in product(sorted(tags), ("yes", "no") if language == "en" else ("oui", "non"))
        ]
    assert label_words(language).wear.keys() == tags
    end = " ?" if language == "fr" else "?"
    asks = [*label_words(language).wear.values(), *label_words(language).questions.values()]
    assert all(re.fullmatch(rf"[A-ZÀÉ][^?]*[^ ?]{re.escape(end)}", text) for text in asks)
    assert len(set(asks)) == len(asks)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_a_sentence(language: Language) -> None:
    made = replace(assessment_of(DRAWN, "mug", None), confidence=Reliance(level="low", reasons=tuple(Reason)))
    found = labels(made, language, DRAWN).reasons
    assert found.keys() == {reason.value for reason in Reason}
    assert all(re.fullmatch(r"[A-Z][^.]+\.", text) for text in found.values())


def test_french_agrees_with_the_article() -> None:
    # « une chemise », « un sac », « des ciseaux ».
    for kind, colour, pattern, expected in [
        ("shirt", "blue", "embroidered", ("bleue", "brodée")),
        ("bag", "white", "plain", ("blanc", "uni")),
        ("scissors", "green", "printed", ("verts", "imprimés")),
        ("shirt", "navy", "polka_dot", ("bleu marine", "pois")),
    ]:
        found = labels(assessment_of(REAL, kind, None, (), colour, pattern), "fr", REAL)
        assert (found.colour, found.pattern) == expected


@pytest.mark.parametrize(
    ("tags", "label"),
    [
        (["stain", "tear"], "légère"),
        (["hole"], "léger"),
        (["hole", "stain"], "de faible gravité"),
    ],
)
def test_french_severity_goes_with_its_marks(tags: list[str], label: str) -> None:
    marks = [worn_mark(tag, None, Severity.MINOR) for tag in tags]
    made = assessment_of(REAL, "shirt", None, marks)
    assert labels(made, "fr", REAL).severities == {"minor": label}
    assert labels(made, "en", REAL).severities == {"minor": "minor"}


def unknown() -> Assessment:
    made = assessment_of(REAL, "mug", None)
    return replace(
        made,
        product=Product(type="unknown", material="unknown", colour="unknown", pattern=None),
        goods=replace(made.goods, kind=None),
        condition=Condition(status="not_assessed", score=None, grade=None, wear=()),
        evidence=asked(
            REAL, ("type", "unknown"), ("material", "glass"), ("colour", "red"), ("pixels", "pink")
        ),
    )


def test_unknown_is_said_to_be_unknown() -> None:
    found = labels(unknown(), "en", REAL)
    assert (found.type, found.material, found.colour) == ("not recognised",) * 3
    assert (found.pattern, found.grade, found.wear) == (None, "not judged", {})
    assert found.evidence == (
        EvidenceLabel(question="What is it?", answer="not recognised"),
        EvidenceLabel(question="What is it made of?", answer="glass"),
        EvidenceLabel(question="What colour is it?", answer="red"),
        EvidenceLabel(question="Which colour do the pixels show most?", answer="pink"),
    )
    french = labels(unknown(), "fr", REAL)
    assert (french.type, french.material, french.colour) == ("non reconnu", "non reconnue", "non reconnue")
    assert french.grade == "non jugé"
    assert [each.answer for each in french.evidence] == ["non reconnu", "verre", "rouge", "rose"]


def test_ids_of_an_earlier_catalogue_are_their_words() -> None:
    old = Product(type="washboard_stand", material="bakelite_mix", colour="old_rose", pattern="art_deco")
    made = replace(
        unknown(),
        product=old,
        condition=Condition(
            score=8, grade=Grade.GOOD, wear=(Wear(tag="scorch_line", severity=Severity.MINOR, confidence=1),)
        ),
        evidence=asked(REAL, ("is it scorched?", "yes"), ("type", "washboard stand"), ("type", "tin_horn")),
    )
    found = labels(made, "fr", REAL)
    assert (found.type, found.material) == ("washboard stand", "bakelite mix")
    assert (found.colour, found.pattern, found.wear) == (
        "old rose",
        "art deco",
        {"scorch_line": "scorch line"},
    )
    assert found.severities == {"minor": "léger"}
    assert [(each.question, each.answer) for each in found.evidence] == [
        ("is it scorched?", "oui"),
        ("Qu'est-ce que c'est ?", "washboard stand"),
        ("Qu'est-ce que c'est ?", "tin horn"),
    ]


def test_grades_are_words_for_a_condition() -> None:
    found: dict[Language, list[str]] = {"en": [], "fr": []}
    for grade, language in product(Grade, LANGUAGES):
        made = replace(unknown(), condition=Condition(score=8, grade=grade, wear=()))
        found[language].append(labels(made, language, REAL).grade)
    assert found == {
        "en": ["excellent", "good", "fair", "worn"],
        "fr": ["excellent", "bon", "correct", "usagé"],
    }


@pytest.mark.parametrize(
    ("language", "material", "grade"), [("en", "not judged", "not judged"), ("fr", "non jugée", "non jugé")]
)
def test_what_was_not_asked_is_not_judged(language: Language, material: str, grade: str) -> None:
    words = catalogue.load(catalogue.PHOTO)
    seen = replace(
        assessment_of(words, "mug", None),
        condition=Condition(status="not_assessed", score=None, grade=None, wear=()),
        confidence=Reliance(level="low", reasons=(Reason.NOT_ASKED,)),
    )
    found = labels(seen, language, words)
    assert (found.material, found.grade) == (material, grade)
