"""Draws one second-hand good from a seed: the picture, its labels and the regions of its wear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from .assemblies import ASSEMBLIES
from .goods import SHAPES
from .marks import MARKS_OF, mark
from .materials import COLOURS, MATERIALS_OF, clouds, surface
from .out_of_distribution import OUT_OF_DISTRIBUTION
from .outliers import OUTLIERS
from .shapes import Pose, Shape, blend, ellipse, outline_mask, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .shapes import Field

TAGS = ("chip", "crack", "dent", "scratch", "stain", "tear")
UNKNOWN = "unknown"
_OUTLIER_SHARE = 0.1
_ASSEMBLED = 0.7
"""The share of assemblies among the unknown things; the others are outliers with a name."""
_SUPERSAMPLE = 2
_BACKDROPS = (
    (214, 208, 198),
    (190, 198, 206),
    (222, 220, 216),
    (176, 178, 174),
    (206, 196, 186),
    (160, 168, 178),
    (232, 228, 222),
)


@dataclass(frozen=True)
class Drawing:
    """A picture and its labels; `regions` is 0 off the good, 1 on it, 2 + n on the n-th wear tag."""

    image: Image.Image
    type: str
    material: str
    colour: str
    wear: tuple[str, ...]
    regions: NDArray[np.uint8]

    @property
    def caption(self) -> str:
        """The caption that the model learns."""
        noun = "item" if self.type == UNKNOWN else self.type
        worn = " and a ".join(self.wear)
        return f"a {self.colour} {self.material} {noun}" + (f" with a {worn}" if worn else "")


def _backdrop(rng: np.random.Generator, width: int, height: int) -> Field:
    wall, floor = (
        np.array(_BACKDROPS[index], np.float32) for index in rng.choice(len(_BACKDROPS), 2, replace=False)
    )
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    horizon = rng.uniform(0.6, 0.85) if rng.random() < 0.6 else 2.0
    scene = np.where((down > horizon)[..., None], floor, wall) * np.ones((height, width, 1), np.float32)
    light = 1 + rng.uniform(-0.12, 0.12) * across - rng.uniform(0, 0.15) * down
    shade: Field = (light + 0.03 * clouds(rng, (height, width), 6))[..., None]
    return scene * shade


def _draw_good(
    rng: np.random.Generator,
    scene: Field,
    shape: Shape,
    material: str,
    colour: str,
    pose: Pose,
    tags: tuple[str, ...],
) -> NDArray[np.uint8]:
    height, width = scene.shape[:2]
    u, v = pose.fields(width, height)
    shadow = outline_mask(pose, ellipse(0.0, 0.95, 0.9, 0.126), width, height)
    dark = np.asarray(shadow.filter(ImageFilter.BoxBlur(width * 0.02)), dtype=np.float32)[..., None]
    scene *= 1 - 0.35 * (dark / 255)

    skin = surface(material, colour, rng, u, v, shape.is_round)
    paint = np.clip(skin.rgb, 0, 255)
    if skin.clear:
        paint = paint * (1 - skin.clear) + scene * skin.clear
    regions, body = np.zeros((height, width), np.uint8), np.zeros((height, width), bool)
    edge = max(1, round(width * 0.007))
    for part in shape.parts:
        mask = outline_mask(pose, part.outline, width, height)
        inside = np.asarray(mask) > 127
        regions[inside] = 1
        if part.ink is None:
            blend(scene, mask, paint, part.tone * skin.edge)
            blend(scene, outline_mask(pose, part.outline, width, height, edge), paint, part.tone)
            body |= inside
        else:
            blend(scene, mask, np.array(part.ink, np.float32))
            body &= ~inside
    for tag in tags:
        _draw_mark(rng, scene, regions, body, tag, pose)
    return regions


def _draw_mark(
    rng: np.random.Generator,
    scene: Field,
    regions: NDArray[np.uint8],
    body: NDArray[np.bool_],
    tag: str,
    pose: Pose,
) -> None:
    height, width = body.shape
    core = np.asarray(Image.fromarray(body.astype(np.uint8) * 255).filter(ImageFilter.BoxBlur(width * 0.04)))
    # A chip is at the rim; the other marks are where the surface around them is whole.
    rows, columns = np.nonzero(
        body & ((core < 190) & (core > 120) if tag == "chip" else core >= min(235, int(core.max())))
    )
    if not len(rows):
        rows, columns = np.nonzero(body if body.any() else regions > 0)
    at = int(rng.integers(len(rows)))
    spot = Pose(pose.matrix, np.array([columns[at], rows[at]], dtype=np.float64))
    touched = np.zeros_like(body)
    for stroke in mark(tag, rng):
        mask = np.asarray(outline_mask(spot, stroke.outline, width, height)) * body
        blend(
            scene,
            Image.fromarray((mask * stroke.strength).astype(np.uint8)),
            np.array(stroke.ink, np.float32),
        )
        touched |= mask > 0
    regions[touched] = 2 + TAGS.index(tag)


def _wear(rng: np.random.Generator, material: str) -> tuple[str, ...]:
    possible = MARKS_OF[material]
    count = int(rng.choice(3, p=[0.45, 0.38, 0.17]))
    return tuple(sorted(rng.choice(possible, min(count, len(possible)), replace=False).tolist()))


def _unknown(rng: np.random.Generator, out_of_distribution: str | None) -> Shape:
    if out_of_distribution is not None:
        return OUT_OF_DISTRIBUTION[out_of_distribution](rng)
    among = ASSEMBLIES if rng.random() < _ASSEMBLED else OUTLIERS
    return among[str(rng.choice(list(among)))](rng)


def draw(
    seed: int,
    size: tuple[int, int] = (96, 96),
    *,
    aspect: float | None = None,
    type: str | None = None,  # noqa: A002 the labels' own word
    material: str | None = None,
    wear: tuple[str, ...] | None = None,
    outliers: float = _OUTLIER_SHARE,
    out_of_distribution: str | None = None,
) -> Drawing:
    """Draw the good of a seed, `size` pixels wide and high.

    `aspect` is the photo's width over its height before it is squeezed into `size` (the model sees a square);
    by default the seed chooses. `type`, `material` and `wear` replace the seed's choice.
    `outliers` is the share of seeds that draw an unknown thing; `out_of_distribution` names a kind to draw.
    The same arguments give the same picture.
    """
    rng = np.random.default_rng(seed)
    width, height = size[0] * _SUPERSAMPLE, size[1] * _SUPERSAMPLE
    seed_aspect = float(rng.choice([1.0, 4 / 3, 3 / 4, 3 / 2]))
    if out_of_distribution is not None:
        type = UNKNOWN  # noqa: A001 - as above
    kind = type or (UNKNOWN if rng.random() < outliers else str(rng.choice(list(SHAPES))))
    made_of = material or str(rng.choice(MATERIALS_OF.get(kind, tuple(COLOURS))))
    colour = str(rng.choice(list(COLOURS[made_of])))
    tags = _wear(rng, made_of) if wear is None else wear
    shape = SHAPES[kind](rng) if kind in SHAPES else _unknown(rng, out_of_distribution)
    scene = _backdrop(rng, width, height)
    pose = place(rng, width, height, aspect or seed_aspect)
    regions = _draw_good(rng, scene, shape, made_of, colour, pose, tags)

    scene *= np.float32(rng.uniform(0.85, 1.1)) * (1 + rng.normal(0, 0.02, 3).astype(np.float32))
    small = Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BOX)
    grain = rng.normal(0, rng.uniform(0, 4), (size[1], size[0], 1)).astype(np.float32)
    noisy = np.clip(np.asarray(small, dtype=np.float32) + grain, 0, 255).astype(np.uint8)
    return Drawing(
        Image.fromarray(noisy), kind, made_of, colour, tags, regions[::_SUPERSAMPLE, ::_SUPERSAMPLE]
    )
