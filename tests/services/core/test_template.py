import itertools
from collections.abc import Callable
from typing import get_args

import pytest

from services.core.assess import assess
from services.core.claims import unsupported_claim
from services.core.model import Sight
from services.core.template import template_text
from services.core.vocabulary import vocabulary
from services.core.wording import Language, wording

Make = Callable[..., Sight]
LANGUAGES = get_args(Language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tags", [(), ("chip",), ("crack", "stain", "tear")])
def test_every_product_is_told_within_the_evidence(
    sight: Make, language: Language, tags: tuple[str, ...]
) -> None:
    words, vocabulary_ = wording(language), vocabulary()
    for type_, material in itertools.product(vocabulary_.type.candidates, vocabulary_.material.candidates):
        assessment = assess(sight(type_, material, (tags,), caption=f"a blue {material} {type_}"))
        text = template_text(assessment, words)
        assert 30 <= len(text.description.split()) <= 75
        assert len(text.title) <= 80
        if type_ != "unknown":
            assert unsupported_claim(text, assessment, words) is None


def test_a_contradicting_caption_is_left_out(sight: Make) -> None:
    assert "vase" not in template_text(assess(sight(caption="a red vase")), wording("en")).description


def test_what_is_unknown_is_said_to_be_unknown(sight: Make) -> None:
    text = template_text(assess(sight("unknown")), wording("en"))
    assert "did not show clearly what it is" in text.description
    assert "ceramic" not in text.description


def test_french_is_french(sight: Make) -> None:
    text = template_text(assess(sight(wear=(("chip",),))), wording("fr"))
    assert text.title == "Tasse en céramique d'occasion, état : bon"
    assert "ébréchure" in text.description
