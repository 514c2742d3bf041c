"""What a sentence states, denies and leaves open, read with the English lexicon of the real catalogue."""

import pytest

import catalogue
from services.core.narrative.clauses import Polarity
from services.core.narrative.lexicon import lexicon
from services.core.narrative.mentions import mentions
from services.core.narrative.numbers import read_numbers
from services.core.narrative.reading import read
from services.core.narrative.tokens import LONGEST, plain, tokens, words_of

ENGLISH = lexicon(catalogue.load(catalogue.SECOND_HAND), "en")
STATED, DENIED, OPEN, SOUGHT = Polarity.STATED, Polarity.DENIED, Polarity.UNJUDGED, Polarity.SOUGHT


def wear_in(sentence: str) -> dict[str, Polarity]:
    """Each kind of wear that a sentence mentions, as it is said."""
    found, _ = mentions(read(ENGLISH.terms(tokens(plain(sentence) or "", "en"))))
    return {tag: mention.said for mention in found for tag in mention.tags}


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("It has a chip.", {"chip": STATED}),
        ("The photos do not show any cracks.", {"crack": DENIED}),
        ("It isn’t cracked.", {"crack": DENIED}),
        ("No chips, cracks or dents were found.", {"chip": DENIED, "crack": DENIED, "dent": DENIED}),
        ("Holes and stains were not found.", {"hole": DENIED, "stain": DENIED}),
        ("There is no dent and a scratch.", {"dent": DENIED, "scratch": STATED}),
        ("Without a dent or a scratch.", {"dent": DENIED, "scratch": DENIED}),
        ("Neither cracked nor stained.", {"crack": DENIED, "stain": DENIED}),
        (
            "There is slight rust, yet neither a dent nor a crack.",
            {"rust": STATED, "dent": DENIED, "crack": DENIED},
        ),
        ("It has a chip but no cracks.", {"chip": STATED, "crack": DENIED}),
        ("It has a chip and is not cracked.", {"chip": STATED, "crack": DENIED}),
        ("It is not cracked and a chip is visible.", {"crack": DENIED, "chip": STATED}),
        ("Rust-free.", {"rust": DENIED}),
        ("Free of stains and holes.", {"stain": DENIED, "hole": DENIED}),
        ("Apart from a chip, no cracks were found.", {"chip": STATED, "crack": DENIED}),
        ("No marks other than a chip.", {"any": DENIED, "chip": STATED}),
        ("Cracks? None.", {"crack": DENIED}),
        ("Cracks and chips: not judged.", {"crack": OPEN, "chip": OPEN}),
        ("Cracks could not be judged.", {"crack": OPEN}),
        (
            "We could not tell whether it is cracked or whether there is a dent.",
            {"crack": OPEN, "dent": OPEN},
        ),
        ("Rust could not be ruled out, nor could a dent.", {"rust": OPEN, "dent": OPEN}),
        ("We looked for cracks.", {"crack": SOUGHT}),
        ("Cracks were looked for without being found.", {"crack": DENIED}),
        ("A button is missing.", {"missing_button": STATED}),
        ("No joint is loose.", {"loose_joint": DENIED}),
        ("The sole shows wear and the cover is not torn.", {"sole_wear": STATED, "torn_cover": DENIED}),
    ],
)
def test_wear_has_its_polarity(sentence: str, said: dict[str, Polarity]) -> None:
    assert wear_in(sentence) == said


@pytest.mark.parametrize(
    ("sentence", "counts"),
    [
        ("Rated 8 out of 10.", [("score", 8)]),
        ("8/10", [("score", 8)]),
        ("Eight points out of ten.", [("score", 8)]),
        ("A score of 7.", [("score", 7)]),
        ("All four photos.", [("photos", 4)]),
        ("Two marks.", [("marks", 2)]),
        ("Two chips.", [("mark", 2)]),
        ("One of the marks.", []),
        ("It is 10 years old.", [("unknown", 10)]),
        ("Two mugs.", [("pair", 2)]),
    ],
)
def test_numbers_count_something(sentence: str, counts: list[tuple[str, int]]) -> None:
    numbers = read_numbers(read(ENGLISH.terms(tokens(sentence, "en"))))
    assert [(count.of, count.number) for count in numbers.counts] == counts


@pytest.mark.parametrize(
    ("sentence", "photos"),
    [
        ("photo 2", {"2"}),
        ("photo #2", {"2"}),
        ("photo no. 2", {"2"}),
        ("picture number two", {"2"}),
        ("the second photo", {"2"}),
        ("photos 1 and 3", {"1", "3"}),
        ("photos 1, 2 and 3", {"1", "2", "3"}),
        ("4 photos, 1 scratch", set()),
        ("photo 2, one chip", {"2"}),
    ],
)
def test_photo_numbers_are_read(sentence: str, photos: set[str]) -> None:
    named = read_numbers(read(ENGLISH.terms(tokens(sentence, "en")))).photos.values()
    assert set().union(*named) == photos


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A second-hand mug.", ["a", "second", "hand", "mug", "."]),
        ("isn't can't won't", ["is", "n't", "can", "n't", "will", "n't"]),
        ("the mug's", ["the", "mug", "'s"]),
        ("8/10 30cm 8.5", ["8", "/", "10", "30cm", "8.5"]),
        ("a chip - slight", ["a", "chip", "-", "slight"]),
    ],
)
def test_english_splits_into_tokens(text: str, found: list[str]) -> None:
    assert [token.text for token in tokens(text, "en")] == found


def test_french_elision_is_a_token() -> None:
    assert words_of("L’état n'a pas", "fr") == ("l'", "état", "n'", "a", "pas")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "a\nb",
        "a\tb",
        "a\N{ZERO WIDTH SPACE}b",
        "a\N{RIGHT-TO-LEFT OVERRIDE}b",
        "a\x00b",
        "кружка",
        "a mug \N{GRINNING FACE}",
        "<b>mug</b>",
        "**mug**",
        "mug_1",
        "a@b",
        "[mug]",
        "٨/١٠",
        "x" * (LONGEST + 1),
    ],
)
def test_text_beyond_one_line_is_not_plain(text: str) -> None:
    assert plain(text) is None


def test_plain_text_is_normalised() -> None:
    assert plain(" e\N{COMBINING ACUTE ACCENT}tat’s\N{NO-BREAK SPACE}ok ") == "état's ok"
