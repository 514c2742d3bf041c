import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from services.core.domain.grading import grade_of, mark, points, score_of
from services.core.domain.report import Grade, Place, Severity

REAL = catalogue.load(catalogue.SECOND_HAND)
DRAWN = catalogue.load(catalogue.DRAWN).departments["drawn"]
P = st.floats(0, 1)


@pytest.mark.parametrize(
    ("table", "severity", "taken"),
    [
        (1, Severity.MINOR, 1),
        (2, Severity.MINOR, 1),
        (3, Severity.MINOR, 2),
        (1, Severity.MODERATE, 1),
        (3, Severity.MODERATE, 3),
        (1, Severity.SEVERE, 2),
        (2, Severity.SEVERE, 3),
        (3, Severity.SEVERE, 5),
        (3, None, 3),
        (9, Severity.SEVERE, 10),
    ],
)
def test_severity_changes_the_points(table: int, severity: Severity | None, taken: int) -> None:
    department = catalogue.Department("d", "d", "d", (), (), DRAWN.wear, {"chip": table})
    assert points(department, "chip", severity) == taken


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        (10, "excellent"),
        (9, "good"),
        (8, "good"),
        (7, "fair"),
        (6, "fair"),
        (5, "worn"),
        (2, "worn"),
        (0, "worn"),
    ],
)
def test_grade_follows_the_score(score: int, grade: str) -> None:
    assert grade_of(score).value == grade


def test_score_stays_above_its_floor() -> None:
    assert [score_of(taken) for taken in ((), (2,), (2, 1), (5, 3), (9, 9))] == [10, 8, 7, 2, 2]


@pytest.mark.parametrize(
    ("shown", "place", "severity", "taken"),
    [
        ((0.9,), None, None, 2),
        ((0.9, 0.1, 0.2, 0.3, 0.4), None, None, 2),
        ((0.2, 0.1, 0.9, 0.1, 0.1), "top_right", "minor", 1),
        ((0.2, 0.1, 0.1, 0.69, 0.1), "bottom_left", None, 2),
        ((0.9, 0.8, 0.1, 0.1, 0.6), "top_left", "moderate", 2),
        ((0.9, 0.8, 0.6, 0.1, 0.9), "bottom_right", "severe", 3),
        ((0.9, 0.7, 0.7, 0.7, 0.7), "top_left", "severe", 3),
    ],
)
def test_quarters_give_place_and_severity(
    shown: tuple[float, ...], place: str | None, severity: str | None, taken: int
) -> None:
    found = mark(DRAWN, "chip", 1, shown)
    assert (found.place, found.severity, found.points) == (place, severity, taken)
    assert found.confidence == max(shown)


def test_break_has_no_severity() -> None:
    """One quarter shows a screen that is cracked as well as four do."""
    computers = REAL.departments["computers"]
    found = mark(computers, "cracked_screen", 1, (0.9, 0.1, 0.1, 0.1, 0.9))
    assert (found.place, found.severity) == (Place.BOTTOM_RIGHT, None)
    assert found.points == computers.points("cracked_screen")


@given(shown=st.tuples(P, P, P, P, P), tag=st.sampled_from([wear.id for wear in DRAWN.wear]))
def test_mark_has_place_before_severity(shown: tuple[float, ...], tag: str) -> None:
    found = mark(DRAWN, tag, 3, shown)
    assert found.severity is None or found.place is not None
    assert (found.place is not None) == (max(shown[1:]) >= 0.5)
    if found.place is not None:
        assert shown[1 + list(Place).index(found.place)] == max(shown[1:])
    assert 1 <= (found.points or 0) <= 10


@given(taken=st.lists(st.integers(1, 10)), more=st.integers(1, 10))
def test_more_wear_is_no_better_grade(taken: list[int], more: int) -> None:
    grades = list(Grade)
    less, worse = score_of(taken), score_of([*taken, more])
    assert 2 <= worse <= less <= 10
    assert grades.index(grade_of(worse)) >= grades.index(grade_of(less))
