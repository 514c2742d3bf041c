"""Photographs of real things through a random model with the whole second-hand catalogue.

Random weights name nothing right. What counts is that any photograph gets an answer that the service can
read, within bounds.
"""

from __future__ import annotations

import io
import json
import time
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

import catalogue
from model_artifacts.blip2.tools import catalogue_file
from services.core.photos.photo import prepare
from services.core.vision.answer import parse_observation
from services.core.vision.endpoint import request_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.model.random_blip2 import Family

PHOTOS = 48
_TOGETHER = 8
_LONGEST_S = 60
"""A request takes seconds; a search without an end would take minutes."""
_LEAST_SIDE = 128
# Three at a time, so that each photo is asked by another part of the catalogue.
_DEPARTMENTS = 3


def photographs() -> Iterator[Image.Image]:
    """The pictures of scikit-image's wheel, and then their quarters."""
    spec = find_spec("skimage")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "data"
    opened = [Image.open(io.BytesIO(file.read_bytes())) for file in sorted(folder.glob("*.[jp][pn]g"))]
    pictures = [one for one in opened if min(one.size) >= _LEAST_SIDE]
    yield from pictures
    for one in pictures:
        across, down = one.width // 2, one.height // 2
        for left, top in ((0, 0), (across, 0), (0, down), (across, down)):
            yield one.crop((left, top, left + across, top + down))


def jpeg(picture: Image.Image) -> bytes:
    """As the service sends it."""
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "PNG")
    return prepare(stream.getvalue(), "photo").model_jpeg


@pytest.mark.system
@pytest.mark.parametrize(("family", "count"), [("opt", PHOTOS), ("t5", 2 * _TOGETHER)])
def test_real_photos_get_readable_answers(
    inference: Any, hub_models: dict[Family, Path], tmp_path: Path, family: Family, count: int
) -> None:
    model = inference.model_fn(str(catalogue_file.completed(hub_models[family], None, tmp_path)))
    goods = catalogue.load()
    names = cycle(goods.departments)
    photos = [jpeg(picture) for picture in islice(photographs(), count)]
    assert len(photos) == count

    for number, together in enumerate(photos[at : at + _TOGETHER] for at in range(0, count, _TOGETHER)):
        asked = goods if number == 0 else goods.select(islice(names, _DEPARTMENTS))
        begun = time.monotonic()
        body = request_body(together, asked, 0)
        answer, _ = inference.output_fn(inference.predict_fn(inference.input_fn(body), model))
        assert time.monotonic() - begun < _LONGEST_S

        seen = parse_observation(answer.encode(), len(together), asked, 0)

        assert len(seen.kinds) == 5
        assert seen.kinds[0].p + seen.rest[0] <= 1
        assert sum(seen.material.values()) == pytest.approx(1)
        assert not seen.calibrated
        assert json.loads(answer)["catalogue"] == goods.version
