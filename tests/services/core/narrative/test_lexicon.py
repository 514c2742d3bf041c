"""Words by what they can claim: none of the ordinary ones is a name of the catalogue."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from catalogue.model import Language
from services.core.narrative.lexicon import lexicon
from services.core.narrative.senses import ORDINARY, Role, Sense
from services.core.narrative.tokens import Token, tokens

REAL = catalogue.load(catalogue.SECOND_HAND)
LANGUAGES: tuple[Language, ...] = get_args(Language)


def senses(text: str, language: Language = "en") -> frozenset[Sense]:
    """The senses of a text that is one term."""
    (term,) = lexicon(REAL, language).terms(tokens(text, language))
    return term.senses


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_ordinary_word_is_a_name(language: Language) -> None:
    assert lexicon(REAL, language).ordinary_names == frozenset()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_has_its_sense(language: Language) -> None:
    words = lexicon(REAL, language)
    for kind in REAL.kinds.values():
        name = kind.noun.en if language == "en" else kind.noun.fr
        terms = words.terms(tokens(name, language))
        assert any(term.has(Role.KIND) for term in terms), name


@pytest.mark.parametrize(
    ("text", "role", "value"),
    [
        ("mugs", Role.KIND, "mug"),
        ("lamp", Role.KIND, "floor_lamp"),
        ("handheld console", Role.KIND, "handheld_game_console"),
        ("wooden", Role.MATERIAL, "wood"),
        ("Dark Blue", Role.COLOUR, "navy"),
        ("blue", Role.COLOUR, "light_blue"),
        ("stripes", Role.PATTERN, "striped"),
        ("chipped", Role.WEAR, "chip"),
        ("open seams", Role.WEAR, "loose_seam"),
        ("upper left corner", Role.PLACE, "top_left"),
        ("flawless", Role.CLAIM, "quality"),
        ("brand-new", Role.CLAIM, "age"),
        ("owners", Role.CLAIM, "history"),
    ],
)
def test_closed_word_has_its_value(text: str, role: Role, value: str) -> None:
    assert value in {sense.value for sense in senses(text) if sense.role is role}


@pytest.mark.parametrize(
    "text", ["gold", "glass", "light", "watch", "case", "print", "picture", "clear", "set"]
)
def test_homonym_is_not_ordinary(text: str) -> None:
    assert ORDINARY not in senses(text)


@pytest.mark.parametrize("text", ["showing", "photographed", "second-hand", "please", "as you can see"])
def test_ordinary_word_claims_nothing(text: str) -> None:
    assert not any(sense.role is Role.CLAIM for sense in senses(text))


# Words that praise, promise or date goods, though a part of them is ordinary.
@pytest.mark.parametrize(
    "text", ["wonderful", "impressive", "useful", "homely", "worthless", "unique", "newish", "well"]
)
def test_praise_is_not_ordinary(text: str) -> None:
    assert ORDINARY not in senses(text)


@pytest.mark.parametrize(
    ("text", "kind"), [("canvas shoe tree", "shoe_tree"), ("plush toy train", "toy_train")]
)
def test_kind_that_comes_last_wins(text: str, kind: str) -> None:
    made_of, named = lexicon(REAL, "en").terms(tokens(text, "en"))
    assert made_of.has(Role.MATERIAL)
    assert kind in named.values(Role.KIND)


def test_longest_phrase_wins() -> None:
    (term, *_) = lexicon(REAL, "en").terms(tokens("light blue mug", "en"))
    assert term.text == "light blue"


@given(st.text(max_size=12))
def test_every_token_is_in_one_term(text: str) -> None:
    words = [Token(part) for part in text.split()]
    assert " ".join(term.text for term in lexicon(REAL, "en").terms(words)) == " ".join(w.text for w in words)


def test_lexicon_is_made_once() -> None:
    assert lexicon(REAL, "en") is lexicon(REAL, "en")
    few = REAL.select(["kitchen"])
    assert lexicon(few, "en") is not lexicon(REAL, "en")
