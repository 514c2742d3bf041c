import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analyze.answers import LONGEST_WAIT_S, Preference, preference


@pytest.mark.parametrize(
    ("headers", "wait_s", "applied"),
    [
        ([], 20, None),
        ([""], 20, None),
        (["handling=lenient"], 20, None),
        (["respond-async"], 0, "respond-async"),
        (["Respond-Async; foo=1"], 0, "respond-async"),
        (["wait=7"], 7, "wait=7"),
        (['wait="7"'], 7, "wait=7"),
        (["wait=0"], 0, "wait=0"),
        (["wait=60"], 25, "wait=25"),
        (["wait=3, wait=9"], 3, "wait=3"),
        (["respond-async", "wait=10"], 10, "respond-async, wait=10"),
        (["respond-async, wait=10"], 10, "respond-async, wait=10"),
        (["wait=soon"], 20, None),
        (["wait=-1"], 20, None),
    ],
)
def test_preference_is_read(headers: list[str], wait_s: float, applied: str | None) -> None:
    assert preference(headers, 20) == Preference(wait_s, applied)


@given(st.lists(st.text()))
def test_no_wait_exceeds_the_gateway(headers: list[str]) -> None:
    assert 0 <= preference(headers, 20).wait_s <= LONGEST_WAIT_S
