"""Words that claim nothing beside these neighbours, and the same words where they claim."""

import pytest

from services.core.narrative.facts import Facts
from services.core.narrative.grounding import Held, Violation, hold
from tests.services.core.narrative.test_combinations import BOTH, ENGLISH, MUG, SOFA, UNSURE, VASE

HARMLESS = [
    "You will see a minor chip at the top left of photo 2.",
    "I would describe it as good, which corresponds to 8 out of 10.",
    "Kindly study the photos with care before you decide.",
    "Buyers should be aware that it has a chip.",
    "Should the chip bother you, please ask before you commit.",
    "It is worth noting that the chip is minor.",
    "The chip kept it from a higher score.",
    "It is still in good condition.",
    "The chip is near the top left of photo 2.",
    "I had a closer look and noticed a chip.",
    "Cracks and dents were all looked for and not found.",
    "Of cracks and dents there was no sign.",
    "My search for cracks came up empty.",
    "I checked all three photos for cracks and found none.",
    "It is chipped, not cracked.",
    "No part of the mug is missing.",
    "What it does not have: cracks, dents, rust.",
    "Cracks, dents and rust are absent.",
    "It is good rather than excellent.",
    "My second-hand mug is white.",
    "Photo 3 shows no marks.",
    "Marks: one minor chip.",
    "Please mind that there is a chip.",
    "We don't want to hide the chip.",
    "The chip is the reason why it did not score higher.",
    "It has been photographed three times.",
]
CLAIMED = [
    "You should have one.",
    "You need to see it.",
    "It should last.",
    "It was made with care.",
    "It comes with great care.",
    "It is well worth having.",
    "It is close to perfect.",
    "It is still new.",
    "It had one owner.",
    "It had to be repaired.",
    "It keeps tea warm.",
    "It keeps you looking.",
    "It will help you.",
    "It is clear.",
    "It is a large size mug.",
    "It was briefly used.",
    "A quietly used mug.",
    "It is distinctly chipped.",
    "It hides nothing.",
    "It has no hidden damage.",
    "The chip can be easily hidden.",
    "The crack won't bother you.",
    "The chip won't bother you.",
    "We don't want to hide the crack.",
    "We won't sugarcoat it: it is cracked.",
    "We checked the photos for chips and found none.",
    "We checked the photos for chips and photo 1 shows them.",
    "Of chips there was no sign.",
    "It is cracked, not chipped.",
    "Not cracked, chipped, stained.",
    "Chips? Nope.",
    "Chips are absent.",
    "A crack is not absent.",
    "It is excellent rather than good.",
    "It is excellent, not good.",
    "No higher score is possible.",
    "A higher score was given.",
    "Photo 2 shows no marks.",
    "Photo 2 contains two chips.",
    "Two things to know: a chip.",
    "It has been photographed four times.",
    "One of its chips is minor.",
    "A medium mug.",
    "A tiny chip at the top right of photo 2.",
    "Photos 1 to 2 show the chip.",
    "The chip appears in photos 1 through 3.",
    "Photo 3 shows the mug with its chip.",
    "The chip is in number 3.",
    "An honest 9 out of 10.",
    "It goes up to 9 out of 10.",
    "It gets more than 8 out of 10.",
    "I could not see whether it is chipped.",
    "How severe the chip is was not stated.",
    "Look at the top right of photo 2.",
    "It takes clear photos.",
    "It can be found anywhere.",
    "It was washed many times.",
    "It is due to us.",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_words_hold(text: str) -> None:
    assert isinstance(hold(text, ["mark1"], Facts(MUG), ENGLISH), Held), hold(
        text, ["mark1"], Facts(MUG), ENGLISH
    )


@pytest.mark.parametrize("text", CLAIMED)
def test_same_words_claim_elsewhere(text: str) -> None:
    for cited in ([], ["mark1"]):
        assert isinstance(hold(text, cited, Facts(MUG), ENGLISH), Violation), cited


@pytest.mark.parametrize("text", ["No view.", "Without attention.", "Nothing stands out like this."])
def test_denial_of_ordinary_nouns_breaks(text: str) -> None:
    assert isinstance(hold(text, [], Facts(VASE), ENGLISH), Violation)


def test_severe_one_is_the_only_severe() -> None:
    assert isinstance(hold("The tear is the severe one.", [], Facts(SOFA), ENGLISH), Held)
    assert isinstance(hold("The scratch is the severe one.", [], Facts(SOFA), ENGLISH), Violation)


def test_unclear_wear_may_be_the_one_open_point() -> None:
    assert isinstance(hold("Cracks are the one thing we could not judge.", [], Facts(UNSURE), ENGLISH), Held)
    assert isinstance(
        hold("Cracks are the one thing we could not judge.", [], Facts(BOTH), ENGLISH), Violation
    )
