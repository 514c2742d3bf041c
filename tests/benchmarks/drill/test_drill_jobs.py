"""Drill jobs are identified by photo and by prompt, and their texts pass the grounding check."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.drill.drill_jobs import llm_answer, most_jobs, number_on, photo, seen
from services.core.narrative.grounding import unsupported_claim
from services.core.narrative.wording import wording

numbers = st.integers(0, most_jobs() - 1)


@given(numbers)
def test_photo_shows_job_number(number: int) -> None:
    assert number_on(photo(number)) == number


@given(numbers, numbers)
def test_prompts_differ_between_jobs(one: int, other: int) -> None:
    assert (llm_answer(one)[0] == llm_answer(other)[0]) == (one == other)


@given(numbers)
def test_fake_text_is_grounded(number: int) -> None:
    assert unsupported_claim(llm_answer(number)[1], seen(number), wording("en")) is None
