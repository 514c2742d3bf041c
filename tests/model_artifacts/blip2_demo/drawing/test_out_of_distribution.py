from __future__ import annotations

import pytest

from model_artifacts.blip2_demo.drawing.assemblies import ASSEMBLIES
from model_artifacts.blip2_demo.drawing.drawing import UNKNOWN, draw
from model_artifacts.blip2_demo.drawing.goods import SHAPES
from model_artifacts.blip2_demo.drawing.out_of_distribution import OUT_OF_DISTRIBUTION
from model_artifacts.blip2_demo.drawing.outliers import OUTLIERS


def test_no_kind_is_in_training() -> None:
    assert len(OUT_OF_DISTRIBUTION) >= 20
    assert not set(OUT_OF_DISTRIBUTION) & {*OUTLIERS, *ASSEMBLIES, *SHAPES}


@pytest.mark.parametrize("kind", sorted(OUT_OF_DISTRIBUTION))
def test_every_kind_is_unknown(kind: str) -> None:
    one, other = (draw(seed, (64, 64), out_of_distribution=kind) for seed in (1, 2))

    assert one.type == UNKNOWN
    assert (one.regions > 0).mean() > 0.01
    assert one.image.tobytes() != other.image.tobytes()


def test_training_has_more_unknown_things() -> None:
    met, trained = (
        sum(draw(seed, (24, 24), outliers=share).type == UNKNOWN for seed in range(60))
        for share in (0.1, 0.25)
    )

    assert met < trained
