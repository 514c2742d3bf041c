"""Vehicles and parts of travel and machines, such as an anchor, a gear and an arrow."""

from __future__ import annotations

import numpy as np

from .shapes import Part, Shape, box, ellipse, polygon, ring

_DARK = (36, 36, 40)
_LIGHT = (240, 236, 224)


def aeroplane(rng: np.random.Generator) -> Shape:
    """An aeroplane from above."""
    sweep = rng.uniform(0.1, 0.4)
    wings = [
        Part(polygon((0, -0.2), (side * 0.97, sweep), (side * 0.97, sweep + 0.14), (0, 0.15)), 0.9)
        for side in (-1, 1)
    ]
    tail = polygon((0, 0.6), (0.38, 0.85), (-0.38, 0.85))
    return Shape(
        (
            *wings,
            Part(tail, 0.8),
            Part(ellipse(0, 0, 0.13, 0.95)),
            Part(ellipse(0, -0.7, 0.07, 0.1), 1.0, _DARK),
        )
    )


def sailboat(rng: np.random.Generator) -> Shape:
    """A boat under two sails."""
    hull = polygon((-0.9, 0.45), (0.9, 0.45), (0.6, 0.85), (-0.6, 0.85))
    lean = rng.uniform(-0.1, 0.1)
    return Shape(
        (
            Part(box(-0.03, -0.95, 0.03, 0.5), 0.5),
            Part(polygon((0.05, -0.9), (0.75 + lean, 0.35), (0.05, 0.35)), 1.0, _LIGHT),
            Part(polygon((-0.05, -0.75), (-0.6 + lean, 0.35), (-0.05, 0.35)), 1.1),
            Part(hull),
        )
    )


def bicycle(rng: np.random.Generator) -> Shape:
    """A bicycle from the side."""
    radius = rng.uniform(0.35, 0.42)
    wheels = [Part(ring(x, 0.4, radius, radius, 0.07), 1.0, _DARK) for x in (-0.55, 0.55)]
    tubes = [
        ((-0.55, 0.4), (-0.2, -0.2)), ((-0.2, -0.2), (0.35, -0.2)), ((0.35, -0.25), (0.55, 0.4)),
        ((-0.2, -0.25), (0.0, 0.4)), ((0.0, 0.4), (0.35, -0.2)), ((-0.55, 0.4), (0.0, 0.4)),
    ]  # fmt: skip
    frame = []
    for (x0, y0), (x1, y1) in tubes:
        along = np.array([x1 - x0, y1 - y0])
        across = np.array([-along[1], along[0]]) / np.linalg.norm(along) * 0.04
        ends = np.array([[x0, y0], [x1, y1]])
        frame.append(Part(np.concatenate([ends + across, (ends - across)[::-1]])))
    return Shape(
        (*wheels, *frame, Part(box(-0.32, -0.33, -0.1, -0.25), 0.6), Part(box(0.2, -0.38, 0.42, -0.3), 0.6))
    )


def balloon(rng: np.random.Generator) -> Shape:
    """A balloon on a string."""
    width = rng.uniform(0.55, 0.68)
    return Shape(
        (
            Part(ellipse(0, -0.3, width, 0.66)),
            Part(polygon((0, 0.33), (-0.1, 0.45), (0.1, 0.45)), 0.8),
            Part(box(-0.015, 0.45, 0.015, 0.97), 1.0, _DARK),
        ),
        is_round=True,
    )


def anchor(rng: np.random.Generator) -> Shape:
    """An anchor."""
    reach = rng.uniform(0.6, 0.75)
    flukes = [
        Part(polygon((side * reach, 0.35), (side * (reach + 0.2), 0.1), (side * (reach - 0.15), 0.05)))
        for side in (-1, 1)
    ]
    return Shape(
        (
            Part(ring(0, -0.75, 0.2, 0.2, 0.08)),
            Part(box(-0.07, -0.6, 0.07, 0.9)),
            Part(box(-0.4, -0.45, 0.4, -0.33)),
            Part(ring(0, 0.15, reach + 0.05, 0.75, 0.14, 0, np.pi)),
            *flukes,
        )
    )


def arrow(rng: np.random.Generator) -> Shape:
    """An arrow to the right."""
    half = rng.uniform(0.12, 0.22)
    return Shape(
        (
            Part(
                polygon(
                    (-0.95, -half),
                    (0.2, -half),
                    (0.2, -0.6),
                    (0.97, 0),
                    (0.2, 0.6),
                    (0.2, half),
                    (-0.95, half),
                )
            ),
        )
    )


def gear(rng: np.random.Generator) -> Shape:
    """A toothed wheel."""
    count = int(rng.integers(7, 12))
    angles = np.arange(4 * count) * np.pi / (2 * count)
    radii = np.where(np.arange(4 * count) % 4 < 2, 0.95, 0.72)
    outline = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    return Shape((Part(outline), Part(ellipse(0, 0, 0.25, 0.25), 1.0, _DARK)))


def rocket(rng: np.random.Generator) -> Shape:
    """A rocket in flight."""
    fins = [
        Part(polygon((side * 0.25, 0.3), (side * rng.uniform(0.5, 0.65), 0.8), (side * 0.25, 0.65)), 0.7)
        for side in (-1, 1)
    ]
    flame = polygon((-0.2, 0.7), (0, 1.0), (0.2, 0.7))
    return Shape(
        (
            Part(flame, 1.0, (240, 150, 40)),
            *fins,
            Part(ellipse(0, -0.1, 0.32, 0.87)),
            Part(ellipse(0, -0.3, 0.14, 0.14), 1.0, _LIGHT),
        ),
        is_round=True,
    )
