from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.assessment import MATERIAL_FLOOR, TYPE_FLOOR, assess, photos_to_judge
from services.core.domain.observation import Observation, vocabulary
from services.core.domain.report import Flaw

Make = Callable[..., Observation]
CODES = vocabulary()


@st.composite
def judged(draw: st.DrawFn) -> tuple[Observation, list[tuple[Flaw, ...]]]:
    """Any observation, and flaws of its photos."""
    flaws = draw(st.lists(st.lists(st.sampled_from(Flaw), max_size=2).map(tuple), min_size=1, max_size=8))

    def scores(candidates: tuple[str, ...]) -> dict[str, float]:
        return draw(st.fixed_dictionaries(dict.fromkeys(candidates, st.floats(0, 1))))

    seen = Observation(
        type=scores(CODES.type.candidates),
        material=scores(CODES.material.candidates),
        wear=tuple(scores(CODES.wear.candidates) for _ in photos_to_judge(flaws)),
        caption="",
        artifact="demo-000000000000",
        calibrated=draw(st.booleans()),
    )
    return seen, flaws


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
    assert (condition.status, condition.score, condition.grade) == ("assessed", score, grade)


def test_wear_names_its_photo(observation: Make) -> None:
    (wear,) = assess(observation(wear=((), ("scratch",), ()))).condition.wear
    assert (wear.tag, wear.photo, wear.confidence) == ("scratch", 2, 0.7)


def test_wear_counts_once_per_kind(observation: Make) -> None:
    assert assess(observation(wear=(("chip",), ("chip",)))).condition.score == 8


def test_evidence_has_every_question(observation: Make) -> None:
    evidence = {
        item.question: (item.answer, item.confidence, item.used)
        for item in assess(observation(wear=(("dent",),))).evidence
    }
    assert evidence["what is this?"] == ("mug", 0.9, True)
    assert evidence["is there a dent on it?"] == ("yes", 0.7, True)
    assert evidence["is there a tear on it?"] == ("no", 0.9, True)
    assert len(evidence) == 8


def test_clear_photo_is_relied_on(observation: Make) -> None:
    confidence = assess(observation()).confidence
    assert (confidence.level, confidence.reasons) == ("high", ())


@pytest.mark.parametrize("flaw", [Flaw.TOO_DARK, Flaw.TOO_BRIGHT, Flaw.BLANK, Flaw.SEVERAL_THINGS])
def test_photo_that_shows_nothing_is_not_judged(observation: Make, flaw: Flaw) -> None:
    found = assess(observation("bag", "leather", (("stain",),)), [(flaw,)])
    assert (found.product.type, found.product.material) == ("unknown", "unknown")
    assert found.condition.model_dump() == {
        "status": "not_assessed",
        "score": None,
        "grade": None,
        "wear": (),
    }
    assert found.confidence.level == "low"
    assert found.confidence.reasons == (flaw.value, "not_recognised")
    assert not any(evidence.used for evidence in found.evidence)


def test_blurred_photo_shows_kind_alone(observation: Make) -> None:
    found = assess(observation(), [(Flaw.BLURRED,)])
    assert found.product.type == "mug"
    assert found.condition.status == "not_assessed"


def test_flawed_photos_are_left_out(observation: Make) -> None:
    found = assess(observation(wear=((), ("chip",))), [(Flaw.TOO_DARK,), (), ()])
    assert (found.condition.score, found.condition.wear[0].photo) == (8, 3)
    assert (found.confidence.level, found.confidence.reasons) == ("medium", ("too_dark",))
    assert found.left_out


def test_pair_of_shoes_is_one_article(observation: Make) -> None:
    found = assess(observation("shoe", "leather"), [(Flaw.SEVERAL_THINGS,)])
    assert (found.condition.score, found.confidence.reasons) == (10, ())


def test_unknown_product_has_no_material(observation: Make) -> None:
    found = assess(observation("unknown", "leather"))
    assert (found.product.material, found.condition.score) == ("unknown", None)
    assert found.confidence.reasons == ("not_recognised",)


def with_share(observation: Observation, question: str, share: float) -> Observation:
    """The same observation with another probability of its likeliest answer."""
    scores = getattr(observation, question)
    likeliest = max(scores, key=scores.__getitem__)
    rest = (1 - share) / (len(scores) - 1)
    changed = {code: share if code == likeliest else rest for code in scores}
    return Observation(**vars(observation) | {question: changed})


def test_type_below_its_floor_is_unknown(observation: Make) -> None:
    unsure = assess(with_share(observation(), "type", TYPE_FLOOR - 0.01))
    assert (unsure.product.type, unsure.condition.status) == ("unknown", "not_assessed")
    assert assess(with_share(observation(), "type", TYPE_FLOOR)).product.type == "mug"


def test_material_below_its_floor_is_unknown(observation: Make) -> None:
    unsure = assess(with_share(observation(), "material", MATERIAL_FLOOR - 0.01))
    assert (unsure.product.material, unsure.condition.score) == ("unknown", 10)
    assert (unsure.confidence.level, unsure.confidence.reasons) == ("medium", ("material_uncertain",))


def near_threshold(observation: Observation, tag: str, share: float) -> Observation:
    return Observation(**vars(observation) | {"wear": tuple({**one, tag: share} for one in observation.wear)})


def test_uncertain_wear_is_no_absence(observation: Make) -> None:
    found = assess(near_threshold(observation(), "chip", 0.45))
    assert (found.condition.status, found.condition.grade) == ("not_assessed", None)
    assert found.confidence.reasons == ("wear_uncertain",)


def test_found_wear_is_scored_beside_uncertain(observation: Make) -> None:
    found = assess(near_threshold(observation(wear=(("dent",),)), "chip", 0.45))
    assert (found.condition.score, found.confidence.level) == (8, "medium")
    assert "chip" not in found.absent
    assert [item.used for item in found.evidence if "chip" in item.question] == [False]


def test_uncalibrated_answers_are_medium(observation: Make) -> None:
    found = assess(Observation(**vars(observation()) | {"calibrated": False}))
    assert (found.confidence.level, found.confidence.reasons) == ("medium", ("uncalibrated",))


@given(case=judged())
def test_assessment_agrees_with_itself(case: tuple[Observation, list[tuple[Flaw, ...]]]) -> None:
    found = assess(*case)
    kind, material, *wear = found.evidence
    assert (kind.answer if kind.used else "unknown") == found.product.type
    assert (material.answer if material.used else "unknown") == found.product.material
    tags = {mark.tag for mark in found.condition.wear}
    assert {item.question for item in wear if item.used and item.answer == "yes"} == {
        CODES.wear.question.format(tag=tag) for tag in tags
    }
    assert {item.question for item in wear if item.used and item.answer == "no"} == {
        CODES.wear.question.format(tag=tag) for tag in found.absent
    }
    assessed = found.condition.status == "assessed"
    assert (found.condition.score is None, found.condition.grade is None) == (not assessed, not assessed)
    assert assessed or not (tags or found.absent)
    assert (found.confidence.level == "low") == (not assessed)
    assert (found.confidence.level == "high") == (not found.confidence.reasons)
    assert {(mark.photo or 0) - 1 for mark in found.condition.wear} <= set(photos_to_judge(case[1]))
