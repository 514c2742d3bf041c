"""The training pictures: drawn once to disk in chunks, read back whole into memory."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..drawing.drawing import TAGS, UNKNOWN, Drawing, draw
from ..drawing.goods import SHAPES
from ..drawing.materials import COLOURS
from .progress import say

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 96
_DRAWN = 192
"""Drawn at twice the model's size, then squeezed as its processor does: the softness of a real photo."""
CHUNK = 2048
OUTLIERS = 0.3
"""The share of unknown things among the training pictures; more than are met, since they have more faces."""
TRAINING_SEED = 1_000_000
"""Training pictures have seeds from here on; all seeds below are held out."""
LESSON_SEED = 10_000_000
"""The language model's pictures have seeds from here on. The first stage knows its own by heart: what it says
of them is surer than what it will say of new ones."""

TYPES = (*sorted(SHAPES), UNKNOWN)
MATERIALS = tuple(sorted(COLOURS))
COLOUR_NAMES = tuple(sorted({name for names in COLOURS.values() for name in names}))


@dataclass(frozen=True)
class Pool:
    """Pictures and their labels, one row each; `regions` as in `Drawing`."""

    pixels: NDArray[np.uint8]
    regions: NDArray[np.uint8]
    types: NDArray[np.int64]
    materials: NDArray[np.int64]
    colours: NDArray[np.int64]
    wear: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.types)


def _seen(drawing: Drawing) -> NDArray[np.uint8]:
    return np.asarray(drawing.image.resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def make(first_seed: int, count: int, outliers: float = 0.1) -> Pool:
    """Draw the pictures of consecutive seeds, such a share of them unknown things."""
    drawings = [
        draw(seed, (_DRAWN, _DRAWN), outliers=outliers) for seed in range(first_seed, first_seed + count)
    ]
    return Pool(
        np.stack([_seen(drawing) for drawing in drawings]),
        np.stack([drawing.regions[:: _DRAWN // SIZE, :: _DRAWN // SIZE] for drawing in drawings]),
        np.array([TYPES.index(drawing.type) for drawing in drawings]),
        np.array([MATERIALS.index(drawing.material) for drawing in drawings]),
        np.array([COLOUR_NAMES.index(drawing.colour) for drawing in drawings]),
        np.array([[tag in drawing.wear for tag in TAGS] for drawing in drawings], dtype=np.float32),
    )


def _write_chunk(folder: Path, first_seed: int, number: int) -> int:
    path = folder / f"{number:04d}.npz"
    if not path.exists():
        draft = path.with_suffix(".draft.npz")
        np.savez(draft, **vars(make(first_seed + number * CHUNK, CHUNK, OUTLIERS)))
        draft.rename(path)
    return number


def write(folder: Path, first_seed: int, chunks: int, processes: int) -> None:
    """Draw `chunks` chunks of pictures to `folder`; those that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(processes) as workers:
        for number in workers.imap_unordered(partial(_write_chunk, folder, first_seed), range(chunks)):
            say(f"{folder.name}: chunk {number + 1} of {chunks}")


def read(folder: Path) -> Pool:
    """All the chunks drawn so far."""
    paths = sorted(path for path in folder.glob("[0-9]*.npz") if ".draft" not in path.name)
    if not paths:
        raise FileNotFoundError(
            f"{folder}: no training pictures; draw them with `python -m model_artifacts.blip2_demo draw`"
        )
    chunks = [dict(np.load(path)) for path in paths]
    return Pool(**{name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]})
