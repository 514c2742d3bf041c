"""The drill's goods: told apart by photo, by what is seen on them, and by what the LLM is asked."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.drill.drill_jobs import most, number_on, observation, photo, worded
from services.core.domain.assessment import assess
from services.core.narrative.grounding import unsupported_claim
from services.core.narrative.wording import wording
from services.core.vision.endpoint import parse_observation

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
    seen = assess(parse_observation(json.dumps(observation(number, 1)).encode(), photos=1))
    assert unsupported_claim(worded(number)[1], seen, wording("en")) is None
