from typing import get_args

import pytest

from services.core.domain.assessment import CONDITION_BY_WEAR
from services.core.domain.observation import vocabulary
from services.core.narrative.grounding import tokens
from services.core.narrative.wording import Language, preferred_language, wording


@pytest.mark.parametrize("language", get_args(Language))
def test_each_code_has_name_and_forms(language: Language) -> None:
    words, vocabulary_ = wording(language), vocabulary()
    codes = {*vocabulary_.type.candidates, *vocabulary_.material.candidates, *vocabulary_.wear.candidates}
    assert codes | {grade.value for _, grade in CONDITION_BY_WEAR} == set(words.names)
    for code in words.names.keys() - {"unknown"}:
        assert words.names[code] in words.forms[code]


@pytest.mark.parametrize("language", get_args(Language))
def test_ordinary_words_name_no_code(language: Language) -> None:
    words = wording(language)
    forms = {
        form
        for table in (words.forms, words.participles, words.kinds)
        for row in table.values()
        for form in row
    }
    looks = [*words.looks, *words.attributes, *words.parts]
    assert forms.isdisjoint([*words.ordinary, *looks, *words.marks])
    assert {*words.denial.no, *words.denial.other, *words.marks}.isdisjoint([*words.ordinary, *looks])
    assert {*words.ordinary, *words.looks}.isdisjoint(words.parts)


@pytest.mark.parametrize("language", get_args(Language))
def test_words_are_single_lower_case(language: Language) -> None:
    words = wording(language)
    tables = (*words.forms.values(), *words.participles.values(), *words.kinds.values())
    looks = (words.looks, words.attributes, words.parts)
    lists = (words.ordinary, *looks, words.marks, *dict(words.denial).values())
    for word in (word for row in (*tables, *lists) for word in row):
        assert tokens(word) == [word]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en-CA,en;q=0.9,fr;q=0.8", "en"),
        ("de, fr;q=0.3", "fr"),
        ("de", "en"),
        ("*", "en"),
        ("fr;q=0", "en"),
        ("fr;q=abc", "en"),
        ("fr;q=", "en"),
        ("fr;q=nan", "en"),
        ("fr;q=inf,en;q=0.9", "en"),
        ("fr;q=-1", "en"),
        ("fr;q=2,en;q=0.1", "en"),
        ("fr_CA", "fr"),
        ("fr_FR,en;q=0.9", "fr"),
        ("FR-ca", "fr"),
        ("fr;Q=0.9", "fr"),
        ("en;Q=0.5, fr ; Q = 0.9", "fr"),
        ("fr;Q=0.5, en;Q=0.9", "en"),
        ("fr;level=1;q=0.2,en;q=0.5", "en"),
        ("fr;q=.9,en;q=.5", "fr"),
        ("fr-CA;q=0.1,fr;q=0.9,en;q=0.5", "fr"),
        ("en;q=0,*", "fr"),
        ("*;q=0.5,en;q=0.1", "fr"),
        ("*;q=0.5,fr;q=0.1", "en"),
        ("*;q=0", "en"),
        ("*,fr;q=0", "en"),
        ("de,fr,en", "en"),
        ("frr,fro;q=0.9", "en"),
        (";;,,q=", "en"),
    ],
)
def test_language_follows_the_weights(header: str, language: str) -> None:
    assert preferred_language(header) == language
