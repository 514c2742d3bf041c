from typing import get_args

import pytest

import catalogue
from catalogue.model import Language
from services.core.domain.report import Grade, Place, Severity
from services.core.narrative.wording import preferred_language, wording

CATALOGUES = [catalogue.load(catalogue.DRAWN), catalogue.load(catalogue.SECOND_HAND)]
DEPARTMENTS = [department for goods in CATALOGUES for department in goods.departments.values()]


@pytest.mark.parametrize("language", get_args(Language))
def test_each_code_has_words(language: Language) -> None:
    words = wording(language)
    assert set(words.grades) == set(Grade)
    assert (set(words.severities), set(words.places)) == (set(Severity), set(Place))


@pytest.mark.parametrize("language", get_args(Language))
def test_words_are_of_known_ids(language: Language) -> None:
    materials = {material.id for each in DEPARTMENTS for material in each.materials}
    assert wording(language).attributive.keys() <= materials


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
