"""The drill's goods: told apart by photo, by what is seen on them, and by what the LLM is asked."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.assess import assess
from services.core.claims import unsupported_claim
from services.core.model import parse_sight
from services.core.wording import wording
from tests.drill.goods import most, number_on, photo, sight, worded

numbers = st.integers(0, most() - 1)


@settings(deadline=None)
@given(numbers)
def test_a_photo_shows_its_number(number: int) -> None:
    assert number_on(photo(number)) == number


@settings(deadline=None)
@given(numbers, numbers)
def test_questions_are_alike_only_for_the_same_job(one: int, other: int) -> None:
    assert (worded(one)[0] == worded(other)[0]) == (one == other)


@settings(deadline=None)
@given(numbers)
def test_the_stub_words_hold_against_the_evidence(number: int) -> None:
    seen = assess(parse_sight(json.dumps(sight(number, 1)).encode(), photos=1))
    assert unsupported_claim(worded(number)[1], seen, wording("en")) is None
