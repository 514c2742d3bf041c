"""Drill jobs are identified by photo and by prompt, and their texts pass the grounding check."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.drill.drill_jobs import llm_answer, most_jobs, number_on, photo, seen
from services.core.narrative.composition import Draft, DraftSentence, compose
from services.core.narrative.lexicon import lexicon
from services.core.narrative.wording import wording
from tests.services.conftest import DRAWN

numbers = st.integers(0, most_jobs() - 1)


@given(numbers)
def test_photo_shows_job_number(number: int) -> None:
    assert number_on(photo(number)) == number


@given(numbers, numbers)
def test_prompts_differ_between_jobs(one: int, other: int) -> None:
    assert (llm_answer(one)[0] == llm_answer(other)[0]) == (one == other)


@given(numbers)
def test_fake_text_is_grounded(number: int) -> None:
    answer = llm_answer(number)[1]["en"]
    draft = Draft(
        answer["title"], tuple(DraftSentence(s["text"], tuple(s["facts"])) for s in answer["sentences"])
    )
    assert compose(draft, seen(number), wording("en"), lexicon(DRAWN, "en")).text.source == "llm"
