"""The training pictures: drawn to disk in chunks, and read into memory as a whole."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click
import numpy as np
from PIL import Image

from ..drawing.drawing import TAGS, UNKNOWN, Drawing, draw
from ..drawing.goods import SHAPES
from ..drawing.materials import COLOURS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 96
_DRAWN = 192
"""Pictures are drawn at twice the model's size and scaled down by its processor, as a real photo is."""
CHUNK = 2048
OUTLIERS = 0.3
"""The share of unknown things in training; higher than in evaluation, because they vary more."""
TRAINING_SEED = 1_000_000
"""The first seed of the training pictures; all seeds below are held out."""
LANGUAGE_SEED = 10_000_000
"""The first seed of the language stage's pictures. The vision stage is overconfident on its own pictures, so
the language stage has others."""

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


def _model_pixels(drawing: Drawing) -> NDArray[np.uint8]:
    return np.asarray(drawing.image.resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def draw_pool(first_seed: int, count: int, outliers: float = 0.1) -> Pool:
    """Draw the pictures of `count` consecutive seeds; `outliers` is the share of unknown things."""
    drawings = [
        draw(seed, (_DRAWN, _DRAWN), outliers=outliers) for seed in range(first_seed, first_seed + count)
    ]
    return Pool(
        np.stack([_model_pixels(drawing) for drawing in drawings]),
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
        np.savez(draft, **vars(draw_pool(first_seed + number * CHUNK, CHUNK, OUTLIERS)))
        draft.rename(path)
    return number


def write_chunks(folder: Path, first_seed: int, chunks: int, processes: int) -> None:
    """Draw `chunks` chunks of pictures to `folder`; existing chunks are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(processes) as workers:
        for number in workers.imap_unordered(partial(_write_chunk, folder, first_seed), range(chunks)):
            click.echo(f"{folder.name}: chunk {number + 1} of {chunks}")


def read_pool(folder: Path) -> Pool:
    """All chunks in `folder`; raises FileNotFoundError if there are none."""
    paths = sorted(path for path in folder.glob("[0-9]*.npz") if ".draft" not in path.name)
    if not paths:
        raise FileNotFoundError(
            f"{folder}: no training pictures; draw them with `python -m model_artifacts.blip2_demo train`"
        )
    chunks = [dict(np.load(path)) for path in paths]
    return Pool(**{name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]})
