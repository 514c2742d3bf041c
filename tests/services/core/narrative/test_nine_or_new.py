from dataclasses import replace

import pytest

import catalogue
from services.core.domain.report import Wear
from services.core.narrative.facts import Facts
from services.core.narrative.grounding import Held, hold
from services.core.narrative.lexicon import lexicon
from tests.services.core.narrative.goods import assessment_of

GOODS = catalogue.load(catalogue.SECOND_HAND)
NINE = replace(
    assessment_of(GOODS, "mug", None, [Wear(tag="burn", photo=1, confidence=0.9, points=1)]), photos=9
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Tasse d'occasion notée neuf sur dix.", True),
        ("L'annonce a neuf photos.", True),
        ("Tasse d'occasion, notée 9 sur 10, neuf.", False),
        ("Un mug neuf, photo 1.", False),
        ("Tasse neuf.", False),
    ],
)
def test_neuf_is_nine_where_it_counts(text: str, holds: bool) -> None:
    assert isinstance(hold(text, ("mark1",), Facts(NINE), lexicon(GOODS, "fr")), Held) is holds
