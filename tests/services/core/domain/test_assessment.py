from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from catalogue import Catalogue
from services.core.domain.assessment import assess, photos_to_judge
from services.core.domain.grading import WEAR_FOUND
from services.core.domain.observation import KindSeen, Observation, Said
from services.core.domain.report import Flaw
from tests.services.core.domain.observations import observations

Make = Callable[..., Observation]
Case = tuple[Observation, list[tuple[Flaw, ...]]]
DRAWN = catalogue.load(catalogue.DRAWN)
REAL = catalogue.load(catalogue.SECOND_HAND)
PHOTO = catalogue.load(catalogue.PHOTO)
FLAWS = st.lists(st.lists(st.sampled_from(Flaw), max_size=2).map(tuple), min_size=1, max_size=8)


@st.composite
def judged(draw: st.DrawFn, words: Catalogue) -> Case:
    """Any observation, and flaws of its photos."""
    flaws = draw(FLAWS)
    return draw(observations(words, len(photos_to_judge(flaws)))), flaws


def test_most_probable_answers_win(observation: Make) -> None:
    product = assess(observation("lamp", "metal"), None, DRAWN).product
    assert (product.type, product.material) == ("lamp", "metal")


@pytest.mark.parametrize(
    ("tags", "score", "grade"),
    [
        ((), 10, "excellent"),
        (("chip",), 8, "good"),
        (("chip", "crack"), 6, "fair"),
        (("chip", "crack", "stain"), 4, "worn"),
        (("chip", "crack", "stain", "tear"), 2, "worn"),
        (("chip", "crack", "stain", "tear", "dent"), 2, "worn"),
    ],
)
def test_score_follows_kinds_of_wear(
    observation: Make, tags: tuple[str, ...], score: int, grade: str
) -> None:
    condition = assess(observation(wear=(tags,)), None, DRAWN).condition
    assert (condition.status, condition.score, condition.grade) == ("assessed", score, grade)


def test_wear_names_its_photo(observation: Make) -> None:
    (wear,) = assess(observation(wear=((), ("scratch",), ())), None, DRAWN).condition.wear
    assert (wear.tag, wear.photo, wear.confidence, wear.points) == ("scratch", 2, 0.7, 2)
    assert (wear.place, wear.severity) == (None, None)


def test_wear_counts_once_per_kind(observation: Make) -> None:
    assert assess(observation(wear=(("chip",), ("chip",))), None, DRAWN).condition.score == 8


def test_evidence_has_every_question(observation: Make) -> None:
    evidence = {
        item.question: (item.answer, item.confidence, item.used)
        for item in assess(observation(wear=(("dent",),)), None, DRAWN).evidence
    }
    assert evidence["what is this?"] == ("mug", 0.9, True)
    assert evidence["is there a dent on it?"] == ("yes", 0.7, True)
    assert evidence["is there a tear on it?"] == ("no", 0.9, True)
    assert len(evidence) == 8


def test_clear_photo_is_relied_on(observation: Make) -> None:
    confidence = assess(observation(), None, DRAWN).confidence
    assert (confidence.level, confidence.reasons) == ("high", ())


@pytest.mark.parametrize("flaw", [Flaw.TOO_DARK, Flaw.TOO_BRIGHT, Flaw.BLANK, Flaw.SEVERAL_THINGS])
def test_photo_that_shows_nothing_is_not_judged(observation: Make, flaw: Flaw) -> None:
    found = assess(observation("bag", "leather", (("stain",),)), [(flaw,)], DRAWN)
    assert (found.product.type, found.product.material) == ("unknown", "unknown")
    assert found.condition.model_dump() == {
        "status": "not_assessed",
        "score": None,
        "grade": None,
        "wear": (),
        "source": "model",
    }
    assert found.confidence.level == "low"
    assert found.confidence.reasons == (flaw.value, "not_recognised")
    assert not any(evidence.used for evidence in found.evidence)


def test_blurred_photo_shows_kind_alone(observation: Make) -> None:
    found = assess(observation(), [(Flaw.BLURRED,)], DRAWN)
    assert found.product.type == "mug"
    assert found.condition.status == "not_assessed"


def test_flawed_photos_are_left_out(observation: Make) -> None:
    found = assess(observation(wear=((), ("chip",))), [(Flaw.TOO_DARK,), (), ()], DRAWN)
    assert (found.condition.score, found.condition.wear[0].photo) == (8, 3)
    assert (found.confidence.level, found.confidence.reasons) == ("medium", ("too_dark",))
    assert found.left_out


def test_pair_of_shoes_is_one_article(observation: Make) -> None:
    found = assess(observation("shoe", "leather"), [(Flaw.SEVERAL_THINGS,)], DRAWN)
    assert (found.condition.score, found.confidence.reasons) == (10, ())


def test_unknown_product_has_no_material(observation: Make) -> None:
    found = assess(observation("bicycle", "leather"), None, DRAWN)
    assert (found.product.type, found.product.material, found.condition.score) == ("unknown", "unknown", None)
    assert (found.confidence.reasons, found.caption) == (("not_recognised",), "")
    assert (found.goods.kind, found.goods.material) == (None, None)


def test_unknown_product_has_a_suggestion(observation: Make) -> None:
    found = assess(observation("bicycle"), None, DRAWN)
    assert found.product.suggestion == "bicycle"
    assert (found.evidence[0].answer, found.evidence[0].confidence, found.evidence[0].used) == (
        "bicycle",
        0.9,
        False,
    )


def test_dark_photo_has_no_suggestion(observation: Make) -> None:
    assert assess(observation("bicycle"), [(Flaw.TOO_DARK,)], DRAWN).product.suggestion is None


def test_goods_are_the_catalogue_words(observation: Make) -> None:
    goods = assess(observation(), None, DRAWN).goods
    assert goods.kind is DRAWN.kinds["mug"]
    assert goods.material is not None
    assert (goods.material.noun.fr, goods.colour, goods.pattern) == ("céramique", None, None)
    assert [wear.id for wear in goods.asked] == ["chip", "crack", "dent", "scratch", "stain", "tear"]
    assert hash(goods)


def test_material_below_its_threshold_is_unknown(observation: Make) -> None:
    seen = observation()
    unsure = assess(replace(seen, thresholds={**seen.thresholds, "material": 0.81}), None, DRAWN)
    assert (unsure.product.material, unsure.condition.score) == ("unknown", 10)
    assert (unsure.confidence.level, unsure.confidence.reasons) == ("medium", ("material_uncertain",))


def near_threshold(observation: Observation, tag: str, share: float) -> Observation:
    return replace(observation, wear=tuple({**one, tag: (share,)} for one in observation.wear))


def test_uncertain_wear_is_no_absence(observation: Make) -> None:
    found = assess(near_threshold(observation(), "chip", 0.45), None, DRAWN)
    assert (found.condition.status, found.condition.grade) == ("not_assessed", None)
    assert found.confidence.reasons == ("wear_uncertain",)
    assert not found.wear_judged


def test_found_wear_is_scored_beside_uncertain(observation: Make) -> None:
    found = assess(near_threshold(observation(wear=(("dent",),)), "chip", 0.45), None, DRAWN)
    assert (found.condition.score, found.confidence.level) == (8, "medium")
    assert "chip" not in found.absent
    assert [item.used for item in found.evidence if "chip" in item.question] == [False]


def test_wear_that_was_not_asked_is_not_judged(observation: Make) -> None:
    found = assess(replace(observation(), wear=()), None, DRAWN)
    assert (found.condition.status, found.absent, found.goods.asked) == ("not_assessed", frozenset(), ())
    assert found.confidence.reasons == ("wear_uncertain",)


def photographed(**changed: object) -> Observation:
    """A mug in a photograph, by a model that is asked for neither material nor wear."""
    seen = Observation(
        kinds=(KindSeen("mug", "mug", 0.9),),
        rest=(0.0, 0.1),
        said=Said("mug", 0.9, "mug"),
        department="photographed",
        material={},
        colour={},
        pattern={},
        wear=({},),
        caption="mug",
        artifact="a",
        catalogue=PHOTO.version,
        calibrated=False,
        thresholds=dict.fromkeys(("type", "material", "colour", "pattern"), 0.5),
    )
    return replace(seen, **changed)  # type: ignore[arg-type]


def test_goods_without_wear_get_no_grade() -> None:
    found = assess(photographed(), [()], PHOTO, [()])
    assert (found.product.type, found.product.material) == ("mug", "unknown")
    assert (found.condition.status, found.condition.score, found.condition.grade) == (
        "not_assessed",
        None,
        None,
    )
    assert found.confidence.level == "low"
    assert found.confidence.reasons == ("not_asked", "uncalibrated")
    assert found.product.colour == "unknown"


def test_pixels_alone_name_a_colour_of_most() -> None:
    most = assess(photographed(), [()], PHOTO, [(("red", 0.7), ("white", 0.3))])
    assert most.product.colour == "red"
    assert most.product.sources is not None
    assert most.product.sources.colour == "pixels"
    assert [(one.answer, one.confidence, one.used) for one in most.evidence[1:]] == [("red", 0.7, True)]


@pytest.mark.parametrize("rest", [("white", 0.3), ("orange", 0.3)])
def test_pixels_of_a_minority_name_no_colour(rest: tuple[str, float]) -> None:
    """Not even with a colour that is near."""
    found = assess(photographed(), [()], PHOTO, [(("red", 0.4), rest)])
    assert found.product.colour == "unknown"
    assert [one.used for one in found.evidence[1:]] == [False]


def test_uncalibrated_answers_are_medium(observation: Make) -> None:
    found = assess(replace(observation(), calibrated=False), None, DRAWN)
    assert (found.confidence.level, found.confidence.reasons) == ("medium", ("uncalibrated",))


def shoes(**changed: object) -> Observation:
    """A trainer of the real catalogue, white and plain, without wear."""
    department = REAL.departments["shoes"]
    kind = department.kinds[0]
    seen = Observation(
        kinds=(KindSeen(kind.id, kind.answer, 0.9),),
        rest=(0.0, 0.1),
        said=Said(kind.answer, 0.8, kind.id),
        department="shoes",
        material={each.id: 0.9 if each.id == "leather" else 0.0 for each in department.materials},
        colour={each.id: 0.8 if each.id == "white" else 0.0 for each in REAL.colours},
        pattern={each.id: 0.4 if each.id == "striped" else 0.0 for each in REAL.patterns},
        wear=({tag.id: (0.1,) for tag in department.wear},),
        caption="",
        artifact="a",
        catalogue=REAL.version,
        calibrated=True,
        thresholds=dict.fromkeys(("type", "material", "colour", "pattern"), 0.5),
    )
    return replace(seen, **changed)  # type: ignore[arg-type]


def test_colour_and_pattern_have_thresholds() -> None:
    found = assess(shoes(), None, REAL)
    assert (found.product.colour, found.product.pattern) == ("white", "unknown")
    assert (found.goods.colour is not None, found.goods.pattern) == (True, None)
    answers = {item.question: (item.answer, item.used) for item in found.evidence[:4]}
    assert answers[REAL.questions.colour] == ("white", True)
    assert answers[REAL.questions.pattern] == ("striped", False)


def test_other_departments_kind_is_unjudged() -> None:
    """Its materials and its wear are not those that the model was asked about."""
    found = assess(shoes(kinds=(KindSeen("mug", "mug", 0.9),), said=None), None, REAL)
    assert (found.product.type, found.product.material) == ("mug", "unknown")
    assert found.condition.status == "not_assessed"
    assert found.product.colour == "white"
    assert found.confidence.reasons == ("material_uncertain", "wear_uncertain")


@settings(max_examples=40)
@given(case=judged(DRAWN) | judged(REAL))
def test_what_is_known_has_a_source(case: Case) -> None:
    seen, flaws = case
    product = assess(seen, flaws, DRAWN if seen.catalogue == DRAWN.version else REAL).product
    assert product.sources is not None
    for about in ("type", "material", "colour", "pattern"):
        known = getattr(product, about) not in (None, "unknown")
        assert (getattr(product.sources, about) is not None) == known
    assert product.sources.type in ("model", None)


@settings(max_examples=40)
@given(case=judged(DRAWN) | judged(REAL))
def test_assessment_agrees_with_itself(case: Case) -> None:
    seen, flaws = case
    words = DRAWN if seen.catalogue == DRAWN.version else REAL
    found = assess(seen, flaws, words)
    department = words.departments[seen.department]
    by_question = {item.question: item for item in found.evidence}

    kind = by_question.pop(words.questions.type)
    assert (kind.answer if kind.used else "unknown") == found.product.type
    assert (found.goods.kind.id if found.goods.kind else "unknown") == found.product.type
    for about in ("material", "colour", "pattern"):
        asked, stated = bool(getattr(seen, about)), getattr(found.product, about)
        item = by_question.pop(getattr(words.questions, about), None)
        assert (item is not None) == asked
        assert stated == (
            item.answer if item and item.used else "unknown" if asked or about == "material" else None
        )
        assert not (item and item.used) or (
            kind.used and getattr(seen, about)[stated] >= seen.thresholds[about]
        )
        word = getattr(found.goods, about)
        assert (word.id if word else None) == (stated if item and item.used else None)

    tags = {tag.question: tag.id for tag in department.wear}
    answered = {tags[question]: item for question, item in by_question.items()}
    assert set(answered) == (set(tags.values()) if seen.wear else set())
    present = {mark.tag for mark in found.condition.wear}
    assert {tag for tag, item in answered.items() if item.used and item.answer == "yes"} == present
    assert {tag for tag, item in answered.items() if item.used and item.answer == "no"} == found.absent
    assert present | found.absent <= set(tags.values())
    assert not present & found.absent

    assessed = found.condition.status == "assessed"
    assert (found.condition.score is None, found.condition.grade is None) == (not assessed, not assessed)
    assert found.condition.score is None or 2 <= found.condition.score <= 10
    assert assessed or not (present or found.absent)
    assert (found.confidence.level == "low") == (not assessed)
    assert (found.confidence.level == "high") == (not found.confidence.reasons)
    assert all(mark.confidence >= WEAR_FOUND and (mark.points or 0) >= 1 for mark in found.condition.wear)
    assert {(mark.photo or 0) - 1 for mark in found.condition.wear} <= set(photos_to_judge(flaws))
    assert found.product.suggestion is None or found.product.type == "unknown"
    assert found.wear_judged == (assessed and len(present) + len(found.absent) == len(tags))
