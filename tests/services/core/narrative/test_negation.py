from itertools import chain

import pytest

from services.core.narrative.negation import Polarity, read, tokens
from services.core.narrative.wording import DenialWords

DENIAL = DenialWords(no=("no", "without"), other=("other",), joining=("any", "or", "and"), but=("but",))
DENIABLE = {"chips", "cracks", "marks"}
STATED, DENIED, OTHERS, AFTER = (
    Polarity.STATED,
    Polarity.DENIED,
    Polarity.DENIED_OF_OTHERS,
    Polarity.SAID_AFTER_DENIAL,
)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("Chips!", [("chips", STATED)]),
        ("chips, no cracks", [("chips", STATED), ("cracks", DENIED)]),
        ("no chips, or any cracks", [("chips", DENIED), ("cracks", DENIED)]),
        ("no chips, cracks seen", [("chips", DENIED), ("cracks", DENIED), ("seen", AFTER)]),
        ("no chips on cracks", [("chips", DENIED), ("on", AFTER), ("cracks", AFTER)]),
        ("no chips but cracks", [("chips", DENIED), ("but", STATED), ("cracks", STATED)]),
        ("no chips. Cracks", [("chips", DENIED), ("cracks", STATED)]),
        ("no other marks", [("marks", OTHERS)]),
        ("no chips or other marks", [("chips", DENIED), ("marks", OTHERS)]),
        ("no other marks and no chips", [("marks", OTHERS), ("chips", DENIED)]),
        ("no seller", [("no", STATED), ("seller", STATED)]),
        ("chips: no", [("chips", STATED), ("no", STATED)]),
        ("no other", [("no", STATED), ("other", STATED)]),
        ("", []),
    ],
)
def test_words_are_stated_or_denied(text: str, readings: list[tuple[str, Polarity]]) -> None:
    assert list(chain(*read(text, (), DENIAL, DENIABLE))) == readings


def test_phrases_are_skipped_and_end_denials() -> None:
    readings = read("No chips on your table, cracks", ["on your table"], DENIAL, DENIABLE)
    assert readings == [[("chips", DENIED), ("cracks", AFTER)]]


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("the only marks", [("marks", STATED)]),
        ("no cracks from marks", [("cracks", DENIED), ("marks", DENIED)]),
        ("on your table of mine", []),
    ],
)
def test_only_wear_is_read_in_phrases(text: str, readings: list[tuple[str, Polarity]]) -> None:
    phrases = ["the only marks", "from marks", "on your table", "table of mine"]
    assert read(text, phrases, DENIAL, DENIABLE) == [readings]


@pytest.mark.parametrize("text", ["18/10", "8/10.5", "8/100", "8,5/10"])
def test_phrase_ends_at_its_last_token(text: str) -> None:
    assert any(word.isdigit() for word, _ in chain(*read(text, ["8/10"], DENIAL, DENIABLE)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A second-hand mug.", ["a", "second", "hand", "mug", "."]),
        ("L’état", ["l", "état"]),
        ("e\N{COMBINING ACUTE ACCENT}", ["é"]),
        ("$10", ["$", "10"]),
        ("wait...", ["wait", "..."]),
        ("a\N{ZERO WIDTH SPACE}b", ["a", "\N{ZERO WIDTH SPACE}", "b"]),
    ],
)
def test_text_splits_into_tokens(text: str, found: list[str]) -> None:
    assert tokens(text) == found


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("a burn mark", [("a", STATED), ("burn mark", STATED)]),
        ("no burn marks or chips", [("burn marks", DENIED), ("chips", DENIED)]),
        ("burn the mark", [("burn", STATED), ("the", STATED), ("mark", STATED)]),
        ("burn mark ring", [("burn mark", STATED), ("ring", STATED)]),
        ("burn mark ring mark", [("burn mark ring mark", STATED)]),
        ("A BURN-MARK", [("a", STATED), ("burn mark", STATED)]),
        ("due to burn mark", [("burn mark", STATED)]),
    ],
)
def test_names_count_as_one_word(text: str, readings: list[tuple[str, Polarity]]) -> None:
    names = {"burn mark", "burn marks", "burn mark ring mark"}
    assert read(text, ["due to burn mark"], DENIAL, DENIABLE | names, names) == [readings]
