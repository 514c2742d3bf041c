from __future__ import annotations

import pytest

import catalogue
from model_artifacts.blip2_demo.drawing.drawing import TAGS, draw
from model_artifacts.blip2_demo.drawing.goods import SHAPES
from model_artifacts.blip2_demo.drawing.marks import MARKS_OF
from model_artifacts.blip2_demo.drawing.materials import COLOURS, MATERIALS_OF
from model_artifacts.blip2_demo.drawing.outliers import OUTLIERS


def test_same_seed_draws_same_good() -> None:
    one, other = draw(42), draw(42)

    assert one.image.tobytes() == other.image.tobytes()
    assert one.caption == other.caption
    assert draw(43).image.tobytes() != one.image.tobytes()


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_each_kind_has_its_materials(kind: str) -> None:
    for material in MATERIALS_OF[kind]:
        drawing = draw(1, type=kind, material=material, wear=())
        assert drawing.caption.endswith(f"{material} {kind}")
        assert (drawing.regions > 0).mean() > 0.03


@pytest.mark.parametrize("tag", TAGS)
def test_wear_is_drawn_on_the_good(tag: str) -> None:
    material = next(name for name, tags in MARKS_OF.items() if tag in tags)

    worn, whole = (draw(5, type="vase", material=material, wear=wear) for wear in ((tag,), ()))

    assert worn.wear == (tag,)
    assert (worn.regions == 2 + TAGS.index(tag)).any()
    assert worn.image.tobytes() != whole.image.tobytes()


def test_some_goods_are_unknown() -> None:
    unknown = [seed for seed in range(100) if draw(seed, (24, 24)).type == "unknown"]

    assert 3 <= len(unknown) <= 25
    assert len(OUTLIERS) >= 10


def test_drawings_cover_the_catalogue() -> None:
    known = catalogue.load(catalogue.DRAWN)
    (department,) = known.departments.values()

    assert set(SHAPES) == known.kinds.keys()
    assert set(COLOURS) == {material.id for material in department.materials}
    assert set(TAGS) == {tag.id for tag in department.wear}
