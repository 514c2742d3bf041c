import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000

import services.core.photos
from services.core.domain.assessment import Assessment, assess
from services.core.domain.colours import NEIGHBOURS, QUESTION, Colours, Pixels
from services.core.domain.observation import Observation
from services.core.domain.report import Evidence, Flaw
from tests.services.core.domain.observations import observations
from tests.services.core.domain.test_assessment import REAL, shoes

DATA = json.loads((Path(services.core.photos.__path__[0]) / "named_colours.json").read_text("utf-8"))
SHADES = [("dark_green", "green"), ("lilac", "purple"), ("fuchsia", "pink"), ("black", "grey")]
SHARES = st.dictionaries(st.sampled_from(sorted(NEIGHBOURS)), st.floats(0.05, 0.25), max_size=4)
COLOURS = SHARES.map(lambda shares: tuple(shares.items())) | st.sampled_from(
    [((id_, 0.9),) for id_ in sorted(NEIGHBOURS)]
)


def coloured(likeliest: str, share: float = 0.8, **changed: object) -> Observation:
    """A trainer that the model says is of this colour."""
    colour = {each.id: share if each.id == likeliest else 0.0 for each in REAL.colours}
    return shoes(colour=colour, **changed)


def judged(seen: Observation, *photos: Colours) -> Assessment:
    return assess(seen, [()] * len(photos), REAL, photos)


def of_pixels(found: Assessment) -> list[Evidence]:
    return [each for each in found.evidence if each.question == QUESTION]


def test_neighbours_follow_from_their_points() -> None:
    points = {id_: np.array([point[2:] for point in listed]) for id_, listed in DATA.items()}
    near = {pair for one, other in SHADES for pair in ((one, other), (other, one))}
    for one, other in ((one, other) for one in points for other in points if one != other):
        distance = deltaE_ciede2000(points[one][:, None], points[other][None])  # type: ignore[no-untyped-call]
        if min(distance.min(0).mean(), distance.min(1).mean()) <= 15:
            near.add((one, other))
    assert near == {(id_, other) for id_, others in NEIGHBOURS.items() for other in others}


@pytest.mark.parametrize(("one", "other"), [("navy", "blue"), ("cream", "white"), ("white", "beige")])
def test_common_confusions_are_neighbours(one: str, other: str) -> None:
    assert other in NEIGHBOURS[one]
    assert one in NEIGHBOURS[other]


@pytest.mark.parametrize(("one", "other"), [("red", "green"), ("white", "black"), ("yellow", "blue")])
def test_opposites_are_no_neighbours(one: str, other: str) -> None:
    assert other not in NEIGHBOURS[one]


@pytest.mark.parametrize("measured", ["navy", "blue"])
def test_agreeing_pixels_replace_the_threshold(measured: str) -> None:
    found = judged(coloured("navy", 0.3), ((measured, 0.7),))
    assert found.product.colour == "navy"
    assert found.product.sources is not None
    assert found.product.sources.colour == "pixels"
    assert found.confidence.reasons == ()
    (evidence,) = of_pixels(found)
    assert (evidence.answer, evidence.confidence, evidence.used) == (measured, 0.7, True)


def test_sure_model_is_the_source() -> None:
    found = judged(coloured("navy"), (("blue", 0.7),))
    assert found.product.sources is not None
    assert (found.product.colour, found.product.sources.colour) == ("navy", "model")


def test_contradicted_colour_is_unknown() -> None:
    found = judged(coloured("red", 0.99), (("blue", 0.6), ("navy", 0.3)))
    assert (found.product.colour, found.goods.colour) == ("unknown", None)
    assert (found.confidence.level, found.confidence.reasons) == ("medium", ("colour_uncertain",))
    assert found.product.sources is not None
    assert found.product.sources.colour is None
    assert [each.used for each in of_pixels(found)] == [False]
    assert [each.used for each in found.evidence if each.question == REAL.questions.colour] == [False]


@pytest.mark.parametrize("pixels", [(), (("blue", 0.3), ("green", 0.3)), (("red", 0.3), ("blue", 0.6))])
@pytest.mark.parametrize(("share", "colour"), [(0.8, "red"), (0.3, "unknown")])
def test_undecided_pixels_leave_it_to_the_model(pixels: Colours, share: float, colour: str) -> None:
    found = judged(coloured("red", share), pixels)
    assert (found.product.colour, found.confidence.reasons) == (colour, ())
    assert not any(each.used for each in of_pixels(found))


@pytest.mark.parametrize("colour", ["transparent", "multicoloured"])
def test_colours_without_pixels_stand(colour: str) -> None:
    found = judged(coloured(colour), (("green", 1.0),))
    assert (found.product.colour, found.confidence.reasons) == (colour, ())


def test_unknown_kind_has_no_measured_colour() -> None:
    found = judged(coloured("red", 0.9, kinds=(), said=None), (("red", 1.0),))
    assert (found.product.type, found.product.colour) == ("unknown", "unknown")
    assert of_pixels(found) == []


def test_colour_that_was_not_asked_is_null() -> None:
    found = judged(shoes(colour={}), (("red", 1.0),))
    assert found.product.colour is None
    assert found.product.sources is not None
    assert found.product.sources.colour is None
    assert of_pixels(found) == []


def test_photos_are_combined_by_mean() -> None:
    pixels = Pixels.of([(("blue", 1.0),), (), (("blue", 0.4), ("white", 0.6))])
    assert pixels.shares == pytest.approx({"blue": 0.7, "white": 0.3})


def test_photos_left_out_are_not_measured() -> None:
    photos = ((("green", 1.0),), (("red", 1.0),))
    found = assess(coloured("red", 0.3), [(Flaw.TOO_DARK,), ()], REAL, photos)
    assert found.product.colour == "red"
    assert [each.answer for each in of_pixels(found)] == ["red"]


@settings(max_examples=40, deadline=None)
@given(data=st.data(), photos=st.lists(COLOURS, min_size=1, max_size=4))
def test_stated_colour_is_the_models(data: st.DataObject, photos: list[Colours]) -> None:
    seen = data.draw(observations(REAL, len(photos)))
    found = assess(seen, [()] * len(photos), REAL, photos)
    alone = assess(seen, [()] * len(photos), REAL)
    stated = found.product.colour
    if stated not in (None, "unknown"):
        assert stated == max(seen.colour, key=seen.colour.__getitem__)
        assert found.product.type != "unknown"
    contradicted = "colour_uncertain" in found.confidence.reasons
    assert not contradicted or stated == "unknown"
    assert stated == alone.product.colour or contradicted or alone.product.colour == "unknown"
    # Nothing else follows the pixels.
    assert replace(
        found, product=alone.product, goods=alone.goods, confidence=alone.confidence, evidence=()
    ) == replace(alone, evidence=())
