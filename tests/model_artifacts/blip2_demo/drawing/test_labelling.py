from __future__ import annotations

from typing import TYPE_CHECKING

import catalogue
from model_artifacts.blip2.tools.calibration.labels import OTHER, read_labels
from model_artifacts.blip2_demo.drawing import labelling
from model_artifacts.blip2_demo.drawing.drawing import UNKNOWN, draw

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_labels_say_what_was_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelling, "_SIZE", (60, 45))

    file = labelling.label(12, tmp_path)

    found = read_labels(file, catalogue.load(catalogue.DRAWN))

    for number, one in enumerate(found):
        drawing = draw(labelling.FIRST_SEED + number, outliers=labelling.OUTLIERS)
        assert one.type == (OTHER if drawing.type == UNKNOWN else drawing.type)
        assert (one.material, one.wear) == (drawing.material, frozenset(drawing.wear))
    assert OTHER in {one.type for one in found}
