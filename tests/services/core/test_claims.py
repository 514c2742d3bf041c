from collections.abc import Callable

import pytest

from services.core.assess import assess
from services.core.claims import caption_fits, unsupported_claim
from services.core.model import Sight
from services.core.wording import Text, wording

Make = Callable[..., Sight]
TITLE = "Blue ceramic mug with a chip"
DESCRIPTION = (
    "A blue ceramic mug in good condition, rated 8 out of 10. The photos show a chip on the mug, and no "
    "other marks were found. Please look at the chip in the photos before you decide."
)


def objection(sight: Sight, title: str = TITLE, description: str = DESCRIPTION) -> str | None:
    return unsupported_claim(Text(title=title, description=description), assess(sight), wording("en"))


@pytest.fixture
def chipped(sight: Make) -> Sight:
    return sight(wear=(("chip",),))


def test_a_text_that_says_what_was_seen_holds(chipped: Sight) -> None:
    assert objection(chipped) is None


@pytest.mark.parametrize(
    ("said", "instead_of", "found"),
    [
        ("glass mug", "ceramic mug", "glass"),
        ("ceramic vase", "ceramic mug", "vase"),
        ("a chip and a crack", "a chip", "crack"),
        ("red ceramic", "blue ceramic", "red"),
        ("excellent condition", "good condition", "excellent"),
        ("rated 9 out of 10", "rated 8 out of 10", "9"),
        ("A vintage blue", "A blue", "vintage"),
        ("like new mug", "ceramic mug", "new"),
        ("the Wedgwood mug", "the mug", "Wedgwood"),
        ("no signs of wear", "no other marks", "no signs of wear"),
    ],
)
def test_a_claim_that_was_not_seen_is_found(chipped: Sight, said: str, instead_of: str, found: str) -> None:
    description = DESCRIPTION.replace(instead_of, said)
    assert description != DESCRIPTION
    assert found in (objection(chipped, description=description) or "")


def test_wear_that_is_not_mentioned_is_found(sight: Make) -> None:
    both = sight(wear=(("chip", "tear"),))
    description = DESCRIPTION.replace("good condition, rated 8", "fair condition, rated 6")
    assert "'tear' is not mentioned" in (objection(both, description=description) or "")


def test_a_brand_in_the_title_is_found(chipped: Sight) -> None:
    assert "wedgwood" in (objection(chipped, title="Wedgwood mug") or "")


@pytest.mark.parametrize("description", ["A mug with a chip.", "A mug with a chip. " * 40])
def test_a_description_of_the_wrong_length_is_found(chipped: Sight, description: str) -> None:
    assert "too short or too long" in (objection(chipped, description=description) or "")


@pytest.mark.parametrize(
    ("caption", "fits"),
    [
        ("a blue ceramic mug", True),
        ("a blue mug", True),
        ("a blue glass mug", False),
        ("a vase", False),
        ("", False),
        ("a cracked mug", False),
    ],
)
def test_a_caption_fits_when_it_names_the_product_and_contradicts_nothing(
    sight: Make, caption: str, fits: bool
) -> None:
    assert caption_fits(assess(sight(caption=caption)), wording("en")) is fits
