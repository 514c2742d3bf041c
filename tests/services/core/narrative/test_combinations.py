"""Sentences of ordinary words that claim something together, by what they claim; none of them holds."""

from dataclasses import replace

import pytest

import catalogue
from services.core.domain.assessment import Assessment
from services.core.domain.report import Place, Severity, Wear
from services.core.narrative.combinations import Combinations
from services.core.narrative.facts import Facts
from services.core.narrative.grounding import Held, hold, hold_title
from services.core.narrative.lexicon import lexicon
from services.core.narrative.tokens import tokens
from tests.counted_calls import calls
from tests.services.core.narrative.goods import assessment_of

REAL = catalogue.load(catalogue.SECOND_HAND)
ENGLISH = lexicon(REAL, "en")


def mark(tag: str, photo: int, place: Place | None, severity: Severity) -> Wear:
    return Wear(tag=tag, photo=photo, place=place, severity=severity, confidence=0.9, points=2)


def goods(kind: str, material: str | None, *marks: Wear, colour: str | None = None) -> Assessment:
    """Goods on three photos."""
    return replace(assessment_of(REAL, kind, material, marks, colour), photos=3)


CHIP = mark("chip", 2, Place.TOP_LEFT, Severity.MINOR)
STAIN = mark("stain", 3, Place.BOTTOM_RIGHT, Severity.MODERATE)
MUG = goods("mug", "ceramic", CHIP, colour="white")
BOTH = goods("mug", "ceramic", CHIP, STAIN, colour="blue")
VASE = goods("vase", "glass", colour="green")
RING = goods("ring", "metal", colour="gold")
GLASS = goods("wine_glass", "plastic", colour="transparent")
SHIRT = goods("shirt", "cotton", mark("stain", 2, Place.BOTTOM_LEFT, Severity.MINOR), colour="red")
SOFA = goods(
    "sofa",
    "leather",
    mark("tear", 1, Place.BOTTOM_LEFT, Severity.SEVERE),
    mark("scratch", 2, Place.TOP_RIGHT, Severity.MINOR),
    colour="brown",
)
TORN = goods(
    "sofa",
    "leather",
    mark("tear", 1, None, Severity.MINOR),
    mark("tear", 2, None, Severity.MINOR),
    colour="brown",
)
TOY = goods("toy_phone", "plastic", colour="red")
DVD = goods("dvd", "plastic")
BOX = goods("watch_box", "wood", colour="brown")
UNJUDGED = replace(
    VASE,
    absent=frozenset(),
    condition=VASE.condition.model_copy(update={"status": "not_assessed", "score": None, "grade": None}),
)
UNSURE = replace(BOTH, absent=BOTH.absent - {"crack"})

FALSE: dict[str, tuple[Assessment, list[str]]] = {
    "derived words": (
        MUG,
        [
            "An evaluator gave it 8 out of 10.",
            "It is a decisive mug.",
            "It was conditioned.",
            "A stately mug.",
        ],
    ),
    "who judged": (
        MUG,
        ["The judges found it good.", "It was checked by someone.", "No one has assessed it."],
    ),
    "owners": (
        MUG,
        ["It is my mug.", "I am selling our white mug.", "It is yours today.", "We have it here."],
    ),
    "provenance": (
        MUG,
        [
            "It was given to me.",
            "I found it at a sale.",
            "It was sold before.",
            "I received this mug today.",
            "It came from a gallery.",
        ],
    ),
    "names": (MUG, ["It is a known mug.", "It has a name.", "A name you know.", "It is recognised."]),
    "cause and time of a mark": (
        MUG,
        [
            "The chip occurred today.",
            "The chip is due to use.",
            "It was there when I got it.",
            "It has seen use.",
        ],
    ),
    "future": (
        VASE,
        [
            "It will not crack.",
            "It does not stain.",
            "Nothing could crack this vase.",
            "No chips will appear.",
        ],
    ),
    "two denials": (BOTH, ["It does not lack cracks.", "I do not think it is free of cracks."]),
    "scores of something else": (
        MUG,
        [
            "Its colour gets 8 out of 10.",
            "It scores over 8 out of 10.",
            "In 8 out of 10 listings you see a mug.",
        ],
    ),
    "grades of something else": (
        MUG,
        [
            "Its ceramic is good.",
            "Our offer is good.",
            "It is of good ceramic.",
            "It remains good.",
            "It is above good.",
        ],
    ),
    "places of two marks": (
        BOTH,
        [
            "The stain is beside the chip.",
            "The chip has a stain.",
            "A chip is in photo 2, and a stain is there too.",
        ],
    ),
    "extent": (
        MUG,
        ["The chip runs through the mug.", "It is chipped over and over.", "The chip is marked."],
    ),
    "only": (BOTH, ["Its flaw is a chip.", "It has but a chip in photo 2.", "In total, it has a chip."]),
    "repeated marks": (
        MUG,
        [
            "There is a chip and a chip.",
            "There is a chip, and there is a mark.",
            "A chip here and a chip there.",
        ],
    ),
    "count of one kind": (TORN, ["There is one tear.", "A single tear is visible."]),
    "checked and printed": (
        SHIRT,
        ["It was checked today.", "It has been checked.", "The stain was checked."],
    ),
    "toys": (TOY, ["It is a phone.", "This phone is excellent."]),
    "other media": (DVD, ["It is a book.", "This book is plastic."]),
    "boxes": (BOX, ["It is a piece of jewellery.", "Wooden jewellery."]),
    "colour read as a material": (
        RING,
        ["The ring is gold.", "A gold ring.", "It is in gold.", "The metal is gold."],
    ),
    "kind read as a material": (
        GLASS,
        ["Its material is glass.", "This glass item is transparent.", "It is in glass."],
    ),
    "denials without wear": (
        VASE,
        [
            "There is no other.",
            "None like this.",
            "It has no name.",
            "No one has seen it.",
            "No photo does it.",
        ],
    ),
    "colour of a mark": (
        SHIRT,
        ["The stain is red.", "A stain, red, is visible in photo 2.", "It is stained red."],
    ),
    "what goods do": (
        VASE,
        ["It captures images.", "It tells of hope.", "The vase describes how one thinks."],
    ),
    "offers": (VASE, ["You can inspect it here.", "More photos have been uploaded.", "It will be sold."]),
    "sought": (
        UNSURE,
        ["Did you see the cracks in photo 1?", "How did it get its cracks?", "When did it crack?"],
    ),
    "no as an answer": (
        MUG,
        ["Is it ceramic? No.", "Is it white? No.", "Is it chipped? No.", "Any chip? No."],
    ),
    "no wear of goods not judged": (
        UNJUDGED,
        ["Cracks? No.", "Its condition is known.", "It has been judged."],
    ),
    "severity by likeness": (
        SOFA,
        ["The scratch is minor, as is the tear.", "The tear, like the scratch, is severe."],
    ),
    "phrases that fall apart": (MUG, ["An off-white mug.", "It is a see-through mug.", "A one-off."]),
}


def holds(text: str, assessment: Assessment) -> bool:
    """Whether a sentence holds with no mark cited, or with all."""
    facts = Facts(assessment)
    return any(isinstance(hold(text, cited, facts, ENGLISH), Held) for cited in ((), tuple(facts.marks)))


@pytest.mark.parametrize("cause", FALSE)
def test_combined_claim_does_not_hold(cause: str) -> None:
    assessment, texts = FALSE[cause]
    assert [text for text in texts if holds(text, assessment)] == []


@pytest.mark.parametrize(
    ("assessment", "title"),
    [
        (MUG, "My mug"),
        (MUG, "Known white ceramic mug"),
        (VASE, "Excellent green glass"),
        (RING, "Ring in gold"),
        (TOY, "Red phone"),
        (VASE, "Green glass vase, yours for nothing"),
    ],
)
def test_combined_claim_is_no_title(assessment: Assessment, title: str) -> None:
    assert not isinstance(hold_title(title, Facts(assessment), ENGLISH), Held)


# What looks like a combination that claims something, and does not.
@pytest.mark.parametrize(
    ("assessment", "text"),
    [
        (MUG, "There is a chip at the top left of photo 2."),
        (MUG, "It received a score of 8."),
        (MUG, "The condition was judged from the photos."),
        (MUG, "A good white ceramic mug."),
        (MUG, "Its flaw is a chip."),
        (MUG, "Is it cracked? No."),
        (MUG, "It has one mark: a chip."),
        (MUG, "Our photos show a chip."),
        (VASE, "Nothing was found in the photos."),
        (VASE, "It does not show any cracks."),
        (RING, "A gold-coloured ring."),
        (TOY, "A red toy phone."),
        (BOTH, "A chip is in photo 2, and a stain is in photo 3."),
        (UNJUDGED, "Its condition could not be judged."),
    ],
)
def test_like_sentence_holds(assessment: Assessment, text: str) -> None:
    assert holds(text, assessment)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("given to", "It was given to me.", True),
        ("given !{number}", "It was given 8 points.", False),
        ("my {colour}+ {kind}", "my white blue mug", True),
        ("^ yours", "A mug, yours", True),
        ("before $", "Look before you buy.", False),
        ("is * good", "It is, and good.", False),
        ("made ~ today", "made with a chip today", False),
    ],
)
def test_pattern_matches_as_written(pattern: str, text: str, found: bool) -> None:
    combined = Combinations([("history", [pattern])])
    assert bool(list(combined.found(ENGLISH.terms(tokens(text, "en"))))) is found


def test_work_grows_with_the_text_alone() -> None:
    def work(times: int) -> int:
        terms = ENGLISH.terms(tokens("it was the mug that we had and they may see " * times, "en"))
        return calls(lambda: list(ENGLISH.combinations.found(terms)))

    assert work(18) < 3 * work(9)
