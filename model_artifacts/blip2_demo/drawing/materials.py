"""The materials of drawn goods: their colours, and how their surfaces look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from .shapes import Field

Colour = tuple[int, int, int]

MATERIALS_OF: dict[str, tuple[str, ...]] = {
    "bag": ("fabric", "leather", "paper", "plastic"),
    "book": ("fabric", "leather", "paper"),
    "bottle": ("glass", "metal", "plastic"),
    "chair": ("fabric", "leather", "metal", "plastic", "wood"),
    "clock": ("ceramic", "metal", "plastic", "wood"),
    "lamp": ("ceramic", "fabric", "glass", "metal", "paper", "wood"),
    "mug": ("ceramic", "glass", "metal", "plastic"),
    "shoe": ("fabric", "leather", "plastic"),
    "table": ("glass", "metal", "plastic", "wood"),
    "vase": ("ceramic", "glass", "metal"),
}

COLOURS: dict[str, dict[str, Colour]] = {
    "ceramic": {
        "white": (236, 234, 228),
        "blue": (128, 164, 206),
        "green": (150, 188, 160),
        "pink": (226, 172, 176),
        "yellow": (232, 212, 140),
    },
    "fabric": {
        "blue": (70, 92, 150),
        "red": (166, 66, 70),
        "green": (86, 128, 84),
        "grey": (140, 140, 142),
        "purple": (120, 84, 142),
    },
    "glass": {
        "clear": (214, 230, 234),
        "green": (96, 172, 120),
        "blue": (92, 140, 206),
        "brown": (166, 104, 44),
    },
    "leather": {"brown": (98, 56, 34), "black": (42, 38, 38), "red": (112, 32, 36)},
    "metal": {"grey": (164, 168, 174), "gold": (200, 162, 72)},
    "paper": {"white": (240, 236, 224), "brown": (198, 162, 116)},
    "plastic": {
        "red": (230, 36, 40),
        "orange": (248, 130, 16),
        "yellow": (250, 214, 20),
        "green": (30, 190, 70),
        "blue": (24, 96, 236),
        "pink": (250, 80, 170),
    },
    "wood": {"brown": (150, 100, 56)},
}


@dataclass(frozen=True)
class Surface:
    """A painted field: RGB in 0..255 and how much of the background shows through (0..1)."""

    rgb: Field
    clear: float = 0.0
    edge: float = 0.62
    """Brightness of the outline against the surface; above 1 the outline is lighter."""


def clouds(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Field:
    """Smooth noise in -1..1 over the whole picture, the same picture at any resolution."""
    grid = rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def _round_light(u: Field, rng: np.random.Generator, depth: float, is_round: bool) -> Field:
    side = rng.uniform(0.15, 0.4) * rng.choice([-1, 1])
    light = 1.08 - depth * (u - side) ** 2 if is_round else 1.03 - 0.1 * depth * u * np.sign(side)
    bounded: Field = np.clip(light, 0.3, 1.2).astype(np.float32)
    return np.expand_dims(bounded, -1)


def _spot(u: Field, v: Field, x: float, y: float, rx: float, ry: float) -> Field:
    bump: Field = np.exp(-(((u - x) / rx) ** 2) - ((v - y) / ry) ** 2).astype(np.float32)
    return np.expand_dims(bump, -1)


def _ceramic(rng: np.random.Generator, u: Field, v: Field, rgb: Field, is_round: bool) -> Surface:
    surface = rgb * _round_light(u, rng, 0.55, is_round)
    if rng.random() < 0.4:
        at, half = rng.uniform(-0.4, 0.5), rng.uniform(0.06, 0.1)
        surface = np.where((np.abs(v - at) < half)[..., None], surface * np.float32(0.62), surface)
    shine = _spot(u, v, rng.uniform(-0.4, -0.2), rng.uniform(-0.4, 0.0), 0.13, 0.24)
    shine += 0.7 * _spot(u, v, rng.uniform(0.2, 0.4), rng.uniform(0.2, 0.6), 0.1, 0.16)
    return Surface(surface + shine * 110, edge=0.7)


def _fabric(rng: np.random.Generator, u: Field, v: Field, rgb: Field, is_round: bool) -> Surface:
    pitch = rng.uniform(0.22, 0.3)
    weave = np.sign(np.sin(2 * np.pi * u / pitch) * np.sin(2 * np.pi * v / pitch))[..., None]
    return Surface(rgb * _round_light(u, rng, 0.25, is_round) * (1 + 0.2 * weave))


def _glass(rng: np.random.Generator, u: Field, v: Field, rgb: Field, is_round: bool) -> Surface:
    surface = rgb * _round_light(u, rng, 0.25, is_round)
    slope, at = rng.uniform(0.3, 0.6), rng.uniform(-0.3, 0.0)
    for offset, width in ((0.0, 0.06), (0.2, 0.03)):
        surface = surface + 120 * np.exp(-(((u + slope * v - at - offset) / width) ** 2))[..., None]
    return Surface(surface, clear=0.5, edge=1.35)


def _leather(rng: np.random.Generator, u: Field, v: Field, rgb: Field, is_round: bool) -> Surface:
    grain = clouds(rng, (u.shape[0], u.shape[1]), 40)[..., None]
    surface = rgb * _round_light(u, rng, 0.35, is_round) * (1 + 0.2 * grain)
    row = rng.uniform(0.28, 0.4)
    seam = (np.abs((v + row / 2) % row - row / 2) < 0.028) & (np.sin(2 * np.pi * u / 0.17) > -0.2)
    return Surface(np.where(seam[..., None], np.array([222, 188, 132], np.float32), surface), edge=0.55)


def _metal(rng: np.random.Generator, u: Field, v: Field, rgb: Field, is_round: bool) -> Surface:
    phase, pitch = rng.uniform(0, 2 * np.pi), rng.uniform(0.55, 0.8)
    along = u if is_round else u + 0.6 * v
    band = np.sin(2 * np.pi * along / pitch + phase)
    gleam = 0.5 * np.tanh(2.5 * band) + 0.25 * np.clip(band, 0.7, 1.0)
    return Surface(rgb * (0.82 + gleam)[..., None].astype(np.float32), edge=0.5)


def _paper(rng: np.random.Generator, u: Field, v: Field, rgb: Field, is_round: bool) -> Surface:
    pitch = rng.uniform(0.17, 0.22)
    lines = (np.sin(2 * np.pi * v / pitch) > 0.55)[..., None]
    return Surface(
        rgb * _round_light(u, rng, 0.12, is_round) * np.where(lines, np.float32(0.7), np.float32(1.0)),
        edge=0.75,
    )


def _plastic(rng: np.random.Generator, u: Field, v: Field, rgb: Field, is_round: bool) -> Surface:
    surface = rgb * _round_light(u, rng, 0.2, is_round)
    x, y = rng.uniform(-0.35, -0.15), rng.uniform(-0.3, 0.2)
    shine = ((np.abs(u - x) < 0.06) & (np.abs(v - y) < 0.22))[..., None]
    return Surface(np.where(shine, surface * 0.4 + 150, surface), edge=0.75)


def _wood(rng: np.random.Generator, u: Field, v: Field, rgb: Field, is_round: bool) -> Surface:
    lean = clouds(rng, (u.shape[0], u.shape[1]), 5)
    pitch = rng.uniform(0.2, 0.28)
    grain = np.sin(2 * np.pi * (v + 0.12 * u + 0.14 * lean) / pitch) + 0.5 * np.sin(
        2 * np.pi * (v + 0.2 * lean) / pitch * 2.3
    )
    return Surface(
        rgb * _round_light(u, rng, 0.3, is_round) * (1 + 0.2 * grain)[..., None].astype(np.float32)
    )


_SURFACES: dict[str, Callable[[np.random.Generator, Field, Field, Field, bool], Surface]] = {
    "ceramic": _ceramic,
    "fabric": _fabric,
    "glass": _glass,
    "leather": _leather,
    "metal": _metal,
    "paper": _paper,
    "plastic": _plastic,
    "wood": _wood,
}


def surface(
    material: str, colour: str, rng: np.random.Generator, u: Field, v: Field, is_round: bool
) -> Surface:
    """Paint a material of a named colour over the whole picture, in the good's own coordinates u and v."""
    base = np.array(COLOURS[material][colour], np.float32) * np.float32(rng.uniform(0.9, 1.08))
    base = np.clip(base + rng.normal(0, 5, 3), 0, 255).astype(np.float32)
    return _SURFACES[material](rng, u, v, base, is_round)
