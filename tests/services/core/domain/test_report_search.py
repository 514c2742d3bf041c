"""A search finds what a person would call the same words, in any language of a report."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.errors import InvalidInput
from services.core.domain.report import Status
from services.core.domain.report_search import ReportSearch, folded_words
from tests.services.analyze.reports import ID, report

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def finds(text: str, **changes: Any) -> bool:
    return ReportSearch.parse(text, "search").matches(report(**changes))


@pytest.mark.parametrize(
    "text",
    [
        *("blue", "BLUE", "  Blue   mug ", "mug blue", "mu", "chip.", "striped", "good", "blue-mug"),
        # French, as the translation has it, with and without accents.
        *(
            "céramique",
            "ceramique",
            "CÉRAMIQUE",
            "ce\u0301ramique",
            "éclat",
            "rayé",
            "tasse bleue",
            "bon état",
        ),
        # Words of both languages, and the report's own id.
        *("mug tasse", ID, ID.lower()),
    ],
)
def test_words_are_found(text: str) -> None:
    assert finds(text)


@pytest.mark.parametrize(
    "text", ["teapot", "blue teapot", "ug", "ramique", ID[:10], "stained", "judged", "minor", "left corner"]
)
def test_other_words_are_not_found(text: str) -> None:
    # "stained" is a question that was answered by no, "minor" a severity: neither says what the thing is.
    assert not finds(text)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("oeuf", "Coquetier à œuf"),
        ("œuf", "coquetier a oeuf"),
        ("lete", "Robe d’été"),
        ("d'ete", "Robe d’été"),
        ("strasse", "Straße"),
        ("fin", "ﬁnition mate"),
        ("20", "Vase, 20 cm"),
        ("kafe", "Kafé"),
        ("ångström", "ANGSTROM"),
    ],
)
def test_letters_are_folded(typed: str, title: str) -> None:
    assert finds(typed, title=title) is (typed != "lete")


def test_corrected_texts_are_searched() -> None:
    assert finds("theiere", title="Théière en grès")


def test_unfinished_report_is_found_by_id() -> None:
    empty: dict[str, Any] = {
        "title": None,
        "description": None,
        "keywords": (),
        "labels": None,
        "translations": {},
    }
    assert finds(ID, status=Status.QUEUED, **empty)
    assert not finds("mug", status=Status.QUEUED, **empty)


@pytest.mark.parametrize("text", ["", "   ", "!?…", "\x00", "_"])
def test_search_without_letters_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="search: has no letter or digit"):
        ReportSearch.parse(text, "search")


@given(TEXT)
def test_text_finds_itself_in_any_case_and_form(text: str) -> None:
    words = folded_words(text)
    if words:
        for form in ("NFC", "NFD", "NFKC"):
            assert finds(unicodedata.normalize(form, text), title=text)
        assert finds(" ".join(reversed(words)), title=text)


@given(TEXT, TEXT)
def test_longer_search_finds_no_more(text: str, more: str) -> None:
    if folded_words(text) and finds(f"{text} {more}"):
        assert finds(text)
