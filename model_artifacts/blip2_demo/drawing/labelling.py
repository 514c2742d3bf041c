"""Writes photos of drawn goods with their labels, as `calibrate` of the artifact's commands reads them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from .drawing import UNKNOWN, draw

if TYPE_CHECKING:
    from pathlib import Path

FIRST_SEED = 500_000
"""Below the seeds of all training pictures, and apart from those of the evaluation."""
OUTLIERS = 0.3
"""The share of unknown things: enough of them to find a threshold."""
_COLUMNS = ("photo", "type", "material", "colour", "pattern", "wear")
_SIZE = (480, 360)


def label(count: int, folder: Path) -> Path:
    """Write `count` photos and labelled.csv into a folder; returns the CSV's path.

    An unknown thing is of the type `other`. The same count gives the same files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "labelled.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for seed in range(FIRST_SEED, FIRST_SEED + count):
            drawing = draw(seed, _SIZE, aspect=_SIZE[0] / _SIZE[1], outliers=OUTLIERS)
            name = f"{seed}.jpg"
            drawing.image.save(folder / name, quality=90)
            kind = "other" if drawing.type == UNKNOWN else drawing.type
            writer.writerow((name, kind, drawing.material, "", "", "|".join(drawing.wear) or "none"))
    return path
