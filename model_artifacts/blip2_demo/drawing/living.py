"""Living things, and figures such as a snowman, a ghost and the moon."""

from __future__ import annotations

import numpy as np

from .shapes import Part, Shape, box, ellipse, polygon, turned

_DARK = (36, 36, 40)
_LIGHT = (240, 236, 224)


def cactus(rng: np.random.Generator) -> Shape:
    """A cactus with two arms, in a pot."""
    parts = [Part(ellipse(0, 0.0, 0.2, 0.95))]
    for side in (-1, 1):
        at = rng.uniform(-0.3, 0.3)
        parts += [
            Part(box(min(0, side * 0.5), at, max(0, side * 0.5), at + 0.18)),
            Part(ellipse(side * 0.5, at - 0.15, 0.12, 0.36)),
        ]
    return Shape((*parts, Part(box(-0.4, 0.7, 0.4, 0.97), 0.6)), is_round=True)


def mushroom(rng: np.random.Generator) -> Shape:
    """A spotted mushroom."""
    cap = rng.uniform(0.75, 0.95)
    spots = [
        Part(ellipse(rng.uniform(-0.5, 0.5), rng.uniform(-0.5, -0.2), 0.1, 0.08), 1.0, _LIGHT)
        for _ in range(4)
    ]
    return Shape(
        (
            Part(turned([(-0.1, 0.2), (0.5, 0.22), (0.95, 0.3)]), 1.0, _LIGHT),
            Part(ellipse(0, 0, cap, 0.75, np.pi, 2 * np.pi)),
            *spots,
        )
    )


def bird(rng: np.random.Generator) -> Shape:
    """A bird that stands and looks to the right."""
    wing = rng.uniform(0.3, 0.45)
    return Shape(
        (
            Part(polygon((-0.5, 0.1), (-0.98, -0.1), (-0.9, 0.35)), 0.8),
            Part(box(-0.1, 0.4, -0.05, 0.9), 1.0, _DARK), Part(box(0.1, 0.4, 0.15, 0.9), 1.0, _DARK),
            Part(ellipse(0, 0.15, 0.6, 0.38)), Part(ellipse(0.5, -0.35, 0.28, 0.26)),
            Part(polygon((0.75, -0.42), (0.98, -0.3), (0.75, -0.22)), 1.0, (230, 160, 40)),
            Part(ellipse(0.55, -0.4, 0.05, 0.05), 1.0, _DARK), Part(ellipse(-0.1, 0.1, wing, 0.2), 0.7),
        )
    )  # fmt: skip


def snowman(rng: np.random.Generator) -> Shape:
    """A snowman of three balls."""
    middle = rng.uniform(0.36, 0.42)
    eyes = [Part(ellipse(x, -0.7, 0.04, 0.04), 1.0, _DARK) for x in (-0.1, 0.1)]
    return Shape(
        (
            Part(ellipse(0, 0.5, 0.55, 0.47)),
            Part(ellipse(0, -0.1, middle, 0.36)),
            Part(ellipse(0, -0.65, 0.28, 0.28)),
            *eyes,
        ),
        is_round=True,
    )


def moon(rng: np.random.Generator) -> Shape:
    """A crescent moon."""
    outer = ellipse(0, 0, 0.9, 0.9, np.pi / 2, 3 * np.pi / 2)
    inner = ellipse(0, 0, rng.uniform(0.35, 0.55), 0.9, np.pi / 2, 3 * np.pi / 2)
    return Shape((Part(np.concatenate([outer, inner[::-1]]) + np.array([0.45, 0])),))


def pear(rng: np.random.Generator) -> Shape:
    """A pear with stem and leaf."""
    belly = rng.uniform(0.58, 0.7)
    leaf = polygon((0.02, -0.85), (0.4, -0.97), (0.3, -0.75))
    return Shape(
        (
            Part(box(-0.04, -1.0, 0.04, -0.7), 1.0, _DARK),
            Part(leaf, 0.7),
            Part(ellipse(0, 0.35, belly, 0.6)),
            Part(ellipse(0, -0.35, belly * 0.55, 0.4)),
        ),
        is_round=True,
    )


def ghost(rng: np.random.Generator) -> Shape:
    """A ghost in its sheet."""
    top = ellipse(0, -0.2, 0.65, 0.72, np.pi, 2 * np.pi)
    waves = [(0.65, 0.95), (0.35, 0.65), (0.1, 0.95), (-0.15, 0.65), (-0.4, 0.95), (-0.65, 0.7)]
    eyes = [Part(ellipse(x, -0.3, 0.1, 0.14), 1.0, _DARK) for x in (-0.22, rng.uniform(0.18, 0.26))]
    return Shape((Part(np.concatenate([top, np.array(waves)])), *eyes))


def flower(rng: np.random.Generator) -> Shape:
    """One flower on its stem."""
    count, parts = int(rng.integers(5, 9)), [Part(box(-0.04, 0, 0.04, 0.97), 0.6)]
    for number in range(count):
        angle = 2 * np.pi * number / count
        parts.append(Part(ellipse(0.38 * np.cos(angle), -0.4 + 0.38 * np.sin(angle), 0.2, 0.2)))
    return Shape((*parts, Part(ellipse(0, -0.4, 0.2, 0.2), 1.0, (240, 200, 60))))
