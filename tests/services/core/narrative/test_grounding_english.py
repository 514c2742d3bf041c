"""English of photos, scores and open questions: true sentences hold, false ones of each family do not."""

from itertools import chain

import pytest

from services.core.domain.assessment import Assessment
from services.core.narrative.facts import Facts
from services.core.narrative.grounding import Held, Violation, hold
from tests.services.core.narrative.test_grounding import (
    CHIPPED,
    CLEAN,
    CRACKED,
    ENGLISH,
    UNJUDGED,
    UNKNOWN,
    UNSURE,
)

TRUE = [
    (
        CHIPPED,
        [
            "It got an 8 and not a 10, because of the chip.",
            "The chip cost it two points.",
            "The chip brings the score down to 8.",
            "It lost two points.",
            "A light chip took it from ten points to eight.",
            "Eight points out of ten: the chip cost it the rest.",
            "It does not get full marks.",
            "Just 8 out of 10.",
            "Nothing is missing.",
            "It isn't cracked, dented or scratched as far as the three photos show.",
            "Not found: cracks, dents and stains.",
            "Apart from a chip the mug shows no marks.",
            "Chipped, otherwise without a mark.",
            "The brand is not stated, and nothing is said about its age.",
            "I can't say whether it works.",
            "No brand, model or age is stated for this mug.",
            "It comes with a slight chip.",
            "Not perfect, since there's a chip.",
            "The chip can't be missed.",
            "The chip is only minor.",
            "Three photos: a chip in the second.",
            "No cracks turned up anywhere in the pictures.",
            "Cracks were searched for in vain.",
            "For the record, I saw no cracks.",
            "Chipped to a minor degree.",
        ],
    ),
    (
        CRACKED,
        [
            "It has a chip and a crack, and that is all.",
            "The chip and the crack cost it four points.",
        ],
    ),
    (
        CLEAN,
        [
            "A perfect score of 10.",
            "It gets full marks.",
        ],
    ),
    (
        UNSURE,
        [
            "Whether it is cracked could not be determined.",
            "One point remains open: cracks.",
            "I can't rule out cracks, since that couldn't be judged.",
            "It remained unclear whether it is cracked.",
            "I can't say whether there are cracks; none of that could be judged.",
            "We make no promise about cracks.",
        ],
    ),
    (
        UNJUDGED,
        [
            "Nothing could be judged.",
            "No grade was given.",
            "Neither a grade nor a score has been given.",
        ],
    ),
    (
        UNKNOWN,
        [
            "Neither the material nor the condition has been determined.",
        ],
    ),
]

# No marks, one or both may be cited.
FALSE = [
    (
        CHIPPED,
        [
            "Is it chipped? No.",
            "It is a good-looking mug.",
            "Nobody would notice the chip.",
            "The price is open to offers.",
            "It can be trusted.",
            "You can count on it.",
            "Reduced from 10 to 8.",
            "It comes with a chip and a saucer.",
            "It comes with no lid.",
            "Not one of the photos shows the chip.",
            "It is certain to please.",
            "A mug people talk about.",
            "Still available in red.",
            "It takes great pictures.",
            "It got a 9.",
            "It got an 8 and not a 9, because of the chip.",
            "The chip cost it three points.",
            "The chip cost it one point out of ten.",
            "It lost its handle.",
            "It costs little.",
            "A perfect score of ten.",
            "It gets full marks.",
            "It dropped from 10 to 7.",
            "It cost 8.",
            "It got 8 wheels.",
            "8 of the 10 photos show it.",
            "It comes in 8 sizes.",
            "Nothing could be judged.",
            "None of that could be judged.",
            "Whether it is cracked is unclear.",
            "Nothing is broken.",
            "You cannot miss it: a crack.",
            "Not new: a crack.",
            "Still unclear: cracks.",
            "Not found: chips.",
            "Otherwise no marks but a crack.",
            "Otherwise cracked.",
            "The brand is not stated, but it is a Denby mug.",
            "Its age is unknown; it is vintage.",
            "The brand is clear.",
            "The age was not a problem.",
            "A model mug.",
            "No brand is better.",
            "The size is not small.",
            "It has no pattern whatsoever and no chip.",
            "No string is missing or chipped.",
            "It isn't cracked, dented or chipped as far as the photos show.",
            "It isn't cracked, or chipped that I can see.",
            "It isn't stained and chipped, as seen.",
            "Not without cracks.",
            "Not free from cracks.",
            "There is a scratch in the first.",
            "The first shows a scratch.",
            "The chip is in the first.",
            "The chip is in the third.",
            "Only four photos.",
            "Just two photos.",
            "It has only one mark, in photo 1.",
            "Since it was made, no cracks were found.",
            "It has been in use since 1990.",
            "It has been chipped since it left the box.",
            "That is all: a crack.",
            "A chip to a severe extent.",
            "It is chipped to a moderate degree.",
            "It is a bit cracked.",
            "It turns on and works.",
            "It takes photos.",
            "It stays put.",
            "In another photo, a crack.",
            "Another chip in photo 3.",
            "Unable to find any chips.",
            "We were unable to spot a chip.",
            "Cracks were searched for in vain and chips too.",
            "Chips were searched for in vain.",
            "No cracks, chips turned up.",
            "No marks turned up.",
            "It carries a crack.",
            "It carries no marks.",
            "It seems cracked.",
            "It stays chip free.",
            "It proved free of chips.",
            "It deserves a 9.",
            "It comes out as excellent.",
            "It reached 9 out of 10.",
            "It lost two points because of a crack.",
            "The missing two points are due to a crack.",
            "No grade was given.",
            "No score is given.",
            "Neither the material nor the condition has been determined.",
            "We make no claim about chips.",
            "We make no claim about cracks.",
            "We make no promises about its condition.",
            "It can not be said whether it is a mug.",
            "Two points short of full marks, and cracked.",
            "One point short of ten.",
            "It is one of a kind.",
            "It is in order.",
            "It cannot be said that it is genuine, original porcelain.",
            "How it works is clear.",
            "See how well it works.",
            "It says a brand on the base.",
            "It goes from 8 to 10.",
            "Off the shelf, it got ten.",
            "The score is not 8.",
            "Not an 8 but a 9.",
            "It is not an 8.",
            "It is graded good, not rated 8.",
        ],
    ),
    (
        CRACKED,
        [
            "The chip cost it two points.",
            "Not found: cracks and dents.",
            "A chip, otherwise no marks.",
            "It shows no dents or cracks that I could find.",
            "It has only a chip.",
            "Just one mark.",
            "A chip, that is all.",
            "A chip, and nothing more.",
            "The chip is said to be severe.",
            "It loses two points for the chip and two for the crack.",
        ],
    ),
    (
        CLEAN,
        [
            "It lost two points.",
            "It lost a point.",
            "It does not get full marks.",
            "Unable to find any cracks, but a chip.",
            "The score is not 10.",
        ],
    ),
    (
        UNSURE,
        [
            "It is unclear whether it works, but it is intact.",
            "The working mug could not be judged.",
            "Nothing could be judged from the photos.",
            "Whether it is cracked is unclear, and it is not chipped.",
            "I can't say whether it is cracked; it is not stained and not chipped.",
            "Whether it is chipped and whether it is cracked is unclear.",
            "Whether it is stained and whether it is cracked is unclear.",
            "Still unclear: stains.",
            "Still open: cracks and chips.",
            "A chip, otherwise no marks.",
            "It is unknown whether it is cracked, working fine.",
            "It's unclear whether this genuine mug is cracked.",
            "It's unclear whether it is cracked and genuine.",
            "Unclear how it was made so well.",
        ],
    ),
    (
        UNJUDGED,
        [
            "It got an 8.",
            "No grade was given, but it is good.",
        ],
    ),
    (
        UNKNOWN,
        [
            "Neither the material nor the condition has been determined, but it is a mug.",
        ],
    ),
]


def _each(cases: list[tuple[Assessment, list[str]]]) -> list[tuple[Assessment, str]]:
    return list(chain.from_iterable(((seen, text) for text in texts) for seen, texts in cases))


@pytest.mark.parametrize(("seen", "text"), _each(TRUE))
def test_true_sentence_of_family_holds(seen: Assessment, text: str) -> None:
    facts = Facts(seen)
    assert isinstance(hold(text, facts.marks, facts, ENGLISH), Held)


@pytest.mark.parametrize(("seen", "text"), _each(FALSE))
def test_false_sentence_of_family_breaks(seen: Assessment, text: str) -> None:
    for cited in ([], ["mark1"], ["mark1", "mark2"]):
        assert isinstance(hold(text, cited, Facts(seen), ENGLISH), Violation), cited
