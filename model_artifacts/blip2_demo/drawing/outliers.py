"""Outlines of things that are none of the ten kinds, which the model must answer with `unknown`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .shapes import Part, Points, Shape, box, ellipse, polygon, ring

if TYPE_CHECKING:
    from collections.abc import Callable


def _star(rng: np.random.Generator) -> Shape:
    count = int(rng.integers(4, 9))
    angles = np.arange(2 * count) * np.pi / count + rng.uniform(0, np.pi)
    radii = np.where(np.arange(2 * count) % 2 == 0, 0.95, rng.uniform(0.35, 0.7))
    return Shape((Part(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)),))


def _blob(rng: np.random.Generator) -> Shape:
    angles = np.linspace(0, 2 * np.pi, 60)
    radii = np.full_like(angles, 0.68)
    for wave in range(2, 6):
        radii += rng.normal(0, 0.1) * np.cos(wave * angles + rng.uniform(0, 2 * np.pi))
    return Shape((Part(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)),), is_round=True)


def _polygon(rng: np.random.Generator) -> Shape:
    angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
    radii = rng.uniform(0.6, 1.0, len(angles))
    return Shape((Part(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)),))


def _cross(rng: np.random.Generator) -> Shape:
    arm, across = rng.uniform(0.12, 0.35), rng.uniform(-0.5, 0.3)
    return Shape((Part(box(-arm, -0.95, arm, 0.95)), Part(box(-0.8, across - arm, 0.8, across + arm), 0.9)))


def _hoop(rng: np.random.Generator) -> Shape:
    return Shape((Part(ring(0, 0, rng.uniform(0.6, 0.95), rng.uniform(0.6, 0.95), rng.uniform(0.12, 0.3))),))


def _pile(rng: np.random.Generator) -> Shape:
    parts = []
    for _ in range(int(rng.integers(3, 7))):
        x, y, size = rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6), rng.uniform(0.15, 0.4)
        outline: Points = (
            ellipse(x, y, size, size)
            if rng.random() < 0.5
            else box(x - size, y - size * 0.7, x + size, y + size * 0.7)
        )
        parts.append(Part(outline, rng.uniform(0.6, 1.15)))
    return Shape(tuple(parts))


def _house(rng: np.random.Generator) -> Shape:
    wall, eave = rng.uniform(0.5, 0.75), rng.uniform(-0.3, 0.1)
    roof = polygon((-wall - 0.18, eave), (0, -0.95), (wall + 0.18, eave))
    return Shape(
        (Part(box(-wall, eave, wall, 0.92)), Part(roof, 0.7), Part(box(-0.15, 0.4, 0.15, 0.92), 0.5))
    )


def _car(rng: np.random.Generator) -> Shape:
    roof = rng.uniform(-0.5, -0.3)
    body = polygon(
        (-0.98, 0.05),
        (-0.55, 0.0),
        (-0.35, roof),
        (0.35, roof),
        (0.6, 0.0),
        (0.98, 0.08),
        (0.98, 0.42),
        (-0.98, 0.42),
    )
    wheels = [Part(ellipse(x, 0.42, 0.22, 0.22), 1.0, (36, 36, 40)) for x in (-0.55, 0.55)]
    return Shape((Part(body), Part(box(-0.25, roof + 0.08, 0.25, 0.0), 0.5), *wheels))


def _fish(rng: np.random.Generator) -> Shape:
    height = rng.uniform(0.28, 0.5)
    tail = polygon((0.5, 0.0), (0.98, -0.45), (0.98, 0.45))
    return Shape(
        (
            Part(tail, 0.8),
            Part(ellipse(-0.15, 0, 0.78, height)),
            Part(ellipse(-0.6, -0.1, 0.07, 0.07), 1.0, (20, 20, 24)),
        )
    )


def _tree(rng: np.random.Generator) -> Shape:
    crowns = [
        Part(ellipse(rng.uniform(-0.35, 0.35), rng.uniform(-0.6, 0.0), 0.45, 0.38), rng.uniform(0.8, 1.1))
        for _ in range(4)
    ]
    return Shape((Part(box(-0.1, 0.0, 0.1, 0.95), 0.6), *crowns))


def _heart(rng: np.random.Generator) -> Shape:
    t = np.linspace(0, 2 * np.pi, 60)
    x = 16 * np.sin(t) ** 3 / 17
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 17
    return Shape((Part(np.stack([x * rng.uniform(0.8, 1.0), y * 0.95], axis=1)),))


def _cat(rng: np.random.Generator) -> Shape:
    ear = rng.uniform(0.75, 0.95)
    ears = [
        Part(polygon((side * 0.6, -0.2), (side * 0.5, -ear), (side * 0.1, -0.5)), 0.9) for side in (-1, 1)
    ]
    eyes = [Part(ellipse(side * 0.25, 0.0, 0.09, 0.12), 1.0, (230, 220, 90)) for side in (-1, 1)]
    return Shape(
        (*ears, Part(ellipse(0, 0.1, 0.65, 0.6)), *eyes, Part(ellipse(0, 0.3, 0.08, 0.05), 1.0, (60, 40, 40)))
    )


OUTLIERS: dict[str, Callable[[np.random.Generator], Shape]] = {
    "blob": _blob,
    "car": _car,
    "cat": _cat,
    "cross": _cross,
    "fish": _fish,
    "heart": _heart,
    "hoop": _hoop,
    "house": _house,
    "pile": _pile,
    "polygon": _polygon,
    "star": _star,
    "tree": _tree,
}
