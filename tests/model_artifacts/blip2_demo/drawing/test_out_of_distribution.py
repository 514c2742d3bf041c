from __future__ import annotations

import pytest

from model_artifacts.blip2_demo.drawing.assemblies import ASSEMBLIES
from model_artifacts.blip2_demo.drawing.drawing import UNKNOWN, draw
from model_artifacts.blip2_demo.drawing.goods import SHAPES
from model_artifacts.blip2_demo.drawing.out_of_distribution import STRANGERS
from model_artifacts.blip2_demo.drawing.outliers import OUTLIERS


def test_no_stranger_is_among_what_training_shows() -> None:
    assert len(STRANGERS) >= 20
    assert not set(STRANGERS) & {*OUTLIERS, *ASSEMBLIES, *SHAPES}


@pytest.mark.parametrize("kind", sorted(STRANGERS))
def test_a_stranger_is_drawn_and_is_unknown(kind: str) -> None:
    one, other = (draw(seed, (64, 64), stranger=kind) for seed in (1, 2))

    assert one.type == UNKNOWN
    assert (one.regions > 0).mean() > 0.01
    assert one.image.tobytes() != other.image.tobytes()


def test_training_sees_more_unknown_things_than_are_met() -> None:
    met, trained = (
        sum(draw(seed, (24, 24), outliers=share).type == UNKNOWN for seed in range(200))
        for share in (0.1, 0.25)
    )

    assert met < trained
