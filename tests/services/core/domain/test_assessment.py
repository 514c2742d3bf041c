from collections.abc import Callable

import pytest

from services.core.domain.observation import Observation, assess

Make = Callable[..., Observation]


def test_most_probable_answers_win(observation: Make) -> None:
    product = assess(observation("lamp", "metal")).product
    assert (product.type, product.material) == ("lamp", "metal")


@pytest.mark.parametrize(
    ("tags", "score", "grade"),
    [
        ((), 10, "excellent"),
        (("chip",), 8, "good"),
        (("chip", "crack"), 6, "fair"),
        (("chip", "crack", "stain"), 4, "worn"),
        (("chip", "crack", "stain", "tear"), 4, "worn"),
    ],
)
def test_score_follows_kinds_of_wear(
    observation: Make, tags: tuple[str, ...], score: int, grade: str
) -> None:
    condition = assess(observation(wear=(tags,))).condition
    assert (condition.score, condition.grade) == (score, grade)


def test_wear_names_its_photo(observation: Make) -> None:
    (wear,) = assess(observation(wear=((), ("scratch",), ()))).condition.wear
    assert (wear.tag, wear.photo, wear.confidence) == ("scratch", 2, 0.7)


def test_wear_counts_once_per_kind(observation: Make) -> None:
    assert assess(observation(wear=(("chip",), ("chip",)))).condition.score == 8


def test_evidence_has_every_question(observation: Make) -> None:
    evidence = {
        item.question: (item.answer, item.confidence)
        for item in assess(observation(wear=(("dent",),))).evidence
    }
    assert evidence["what is this?"] == ("mug", 0.9)
    assert evidence["is there a dent on it?"] == ("yes", 0.7)
    assert evidence["is there a tear on it?"] == ("no", 0.9)
    assert len(evidence) == 8
