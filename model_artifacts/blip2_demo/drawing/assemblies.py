"""Random combinations of outlines, so that `unknown` is more than a list of shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import goods
from .shapes import Part, Points, Shape, box, ellipse, ring, turned

if TYPE_CHECKING:
    from collections.abc import Callable

_INKS = ((36, 36, 40), (240, 236, 224), (60, 50, 46), (230, 220, 90), (120, 60, 50))


def _spin(outline: Points, angle: float) -> Points:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    spun: Points = outline @ turn.T
    return spun


def _spiky(rng: np.random.Generator, size: float) -> Points:
    count = int(rng.integers(3, 10))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    radii = size * rng.uniform(0.5, 1.0, count)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def _wavy(rng: np.random.Generator, size: float) -> Points:
    angles = np.linspace(0, 2 * np.pi, 40)
    radii = np.full_like(angles, 0.75)
    for wave in range(2, 7):
        radii += rng.normal(0, 0.08) * np.cos(wave * angles + rng.uniform(0, 2 * np.pi))
    return size * np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def _piece(rng: np.random.Generator, size: float) -> Points:
    """A random outline around the origin, at a random angle, about `size` in half its width."""
    flat = rng.uniform(0.12, 1.0)
    choice = int(rng.integers(7))
    if choice == 0:
        outline = ellipse(0, 0, size, size * flat)
    elif choice == 1:
        outline = box(-size, -size * flat, size, size * flat)
    elif choice == 2:
        outline = _spiky(rng, size)
    elif choice == 3:
        outline = _wavy(rng, size)
    elif choice == 4:
        start = rng.uniform(0, np.pi)
        outline = ring(
            0,
            0,
            size,
            size * rng.uniform(0.5, 1),
            size * rng.uniform(0.12, 0.4),
            start,
            start + rng.uniform(2, 6.3),
        )
    elif choice == 5:
        heights = np.sort(rng.uniform(-size, size, int(rng.integers(3, 6))))
        outline = turned([(float(height), size * rng.uniform(0.1, 1.0)) for height in heights])
    else:
        outline = box(-size, -size * 0.12, size, size * 0.12)
    return _spin(outline, rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]))


def _finish(rng: np.random.Generator, outline: Points) -> Part:
    # A large part has the thing's own material, so that marks of wear have a place.
    small = float(np.ptp(outline, axis=0).max()) < 0.6
    ink = _INKS[int(rng.integers(len(_INKS)))] if small and rng.random() < 0.3 else None
    return Part(outline, float(rng.uniform(0.55, 1.15)), ink)


def _fit(parts: list[Part], is_round: bool) -> Shape:
    """Move and scale all parts to fill a good's square."""
    corners = np.concatenate([part.outline for part in parts])
    low, high = corners.min(0), corners.max(0)
    scale, middle = 1.9 / (high - low).max(), (high + low) / 2
    return Shape(
        tuple(Part((part.outline - middle) * scale, part.tone, part.ink) for part in parts), is_round
    )


def _heap(rng: np.random.Generator) -> Shape:
    parts = []
    for number in range(int(rng.integers(1, 6))):
        at = rng.uniform(-0.6, 0.6, 2) * (number > 0)
        parts.append(_finish(rng, _piece(rng, rng.uniform(0.25, 0.8)) + at))
    return _fit(parts, rng.random() < 0.5)


def _mirrored(rng: np.random.Generator) -> Shape:
    parts = [_finish(rng, _piece(rng, rng.uniform(0.3, 0.8)))]
    for _ in range(int(rng.integers(1, 4))):
        part = _finish(
            rng,
            _piece(rng, rng.uniform(0.12, 0.5)) + np.array([rng.uniform(0.15, 0.8), rng.uniform(-0.8, 0.8)]),
        )
        parts += [part, Part(part.outline * [-1, 1], part.tone, part.ink)]
    order = rng.permutation(len(parts))
    return _fit([parts[index] for index in order], rng.random() < 0.5)


def _stacked(rng: np.random.Generator) -> Shape:
    parts, at = [], 0.0
    for _ in range(int(rng.integers(2, 5))):
        size = rng.uniform(0.15, 0.6)
        parts.append(_finish(rng, _piece(rng, size) + np.array([rng.normal(0, 0.08), at])))
        at += size * rng.uniform(0.7, 1.6)
    return _fit(parts, rng.random() < 0.5)


def _radial(rng: np.random.Generator) -> Shape:
    count, piece = int(rng.integers(3, 12)), _piece(rng, rng.uniform(0.15, 0.45))
    reach, tone = rng.uniform(0.3, 0.7), float(rng.uniform(0.6, 1.1))
    around = [
        Part(_spin(piece + np.array([reach, 0]), 2 * np.pi * number / count), tone) for number in range(count)
    ]
    middle = [_finish(rng, _piece(rng, rng.uniform(0.2, 0.6)))] if rng.random() < 0.7 else []
    return _fit([*around, *middle], rng.random() < 0.5)


_GOODS: tuple[Callable[[np.random.Generator], Shape], ...] = (
    goods.bag, goods.book, goods.chair, goods.shoe, goods.table,
    goods.bottle, goods.clock, goods.lamp, goods.mug, goods.vase,
)  # fmt: skip


def _chimera(rng: np.random.Generator) -> Shape:
    """Parts of two different goods, moved and rotated at random."""
    one, other = (_GOODS[index](rng) for index in rng.choice(len(_GOODS), 2, replace=False))
    parts = []
    for shape in (one, other):
        kept = rng.permutation(len(shape.parts))[: max(1, len(shape.parts) // 2)]
        shift, angle = rng.uniform(-0.5, 0.5, 2), rng.uniform(0.6, 2 * np.pi - 0.6)
        for index in sorted(kept):
            part = shape.parts[index]
            parts.append(
                Part(_spin(part.outline, angle) * rng.uniform(0.5, 1.0, 2) + shift, part.tone, part.ink)
            )
    return _fit(parts, rng.random() < 0.5)


ASSEMBLIES: dict[str, Callable[[np.random.Generator], Shape]] = {
    "chimera": _chimera,
    "heap": _heap,
    "mirrored": _mirrored,
    "radial": _radial,
    "stacked": _stacked,
}
