"""Household things that are none of the ten kinds."""

from __future__ import annotations

import numpy as np

from .shapes import Part, Shape, box, ellipse, polygon, ring

_DARK = (36, 36, 40)


def umbrella(rng: np.random.Generator) -> Shape:
    """An open umbrella."""
    width = rng.uniform(0.8, 0.95)
    canopy = ellipse(0, 0.0, width, rng.uniform(0.7, 0.9), np.pi, 2 * np.pi)
    ribs = [Part(polygon((0, -0.7), (x, 0), (x + 0.03, 0)), 0.6) for x in (-0.4 * width, 0.4 * width)]
    hook = ring(0.12, 0.8, 0.16, 0.16, 0.07, 0, np.pi)
    return Shape((Part(box(-0.04, -0.05, 0.04, 0.82), 0.6), Part(hook, 0.6), Part(canopy), *ribs))


def guitar(rng: np.random.Generator) -> Shape:
    """A guitar that stands upright."""
    lower, upper = rng.uniform(0.42, 0.52), rng.uniform(0.3, 0.38)
    return Shape(
        (
            Part(ellipse(0, 0.5, lower, 0.42)),
            Part(ellipse(0, 0.05, upper, 0.3)),
            Part(ellipse(0, 0.3, 0.15, 0.15), 1.0, _DARK),
            Part(box(-0.06, -0.85, 0.06, 0.2), 0.6),
            Part(box(-0.12, -1.0, 0.12, -0.82), 0.5),
        )
    )


def hat(rng: np.random.Generator) -> Shape:
    """A hat with a brim and a ribbon."""
    crown, brim = rng.uniform(0.4, 0.5), rng.uniform(0.85, 0.97)
    top = rng.uniform(-0.75, -0.45)
    return Shape(
        (
            Part(ellipse(0, 0.35, brim, 0.2)),
            Part(polygon((-crown, 0.3), (-crown * 0.85, top), (crown * 0.85, top), (crown, 0.3)), 1.05),
            Part(box(-crown, 0.1, crown, 0.27), 0.5),
        )
    )


def key(rng: np.random.Generator) -> Shape:
    """A key that lies on its side."""
    teeth = [Part(box(x, 0.05, x + 0.1, rng.uniform(0.2, 0.35))) for x in (0.55, 0.75)]
    return Shape((Part(ring(-0.55, 0, 0.4, 0.35, 0.15)), Part(box(-0.2, -0.08, 0.95, 0.08)), *teeth))


def scissors(rng: np.random.Generator) -> Shape:
    """Open scissors."""
    spread = rng.uniform(0.2, 0.4)
    parts = []
    for side in (-1, 1):
        parts.append(
            Part(
                polygon((0, 0.1), (side * spread, -0.95), (side * (spread - 0.15), -0.9), (-side * 0.1, 0.1))
            )
        )
        parts.append(Part(ring(-side * 0.35, 0.6, 0.28, 0.34, 0.11), 0.7))
        parts.append(Part(polygon((0.05, 0.05), (-side * 0.25, 0.35), (-side * 0.15, 0.4), (0.1, 0.15)), 0.7))
    return Shape((*parts, Part(ellipse(0, 0.1, 0.06, 0.06), 1.0, _DARK)))


def teapot(rng: np.random.Generator) -> Shape:
    """A teapot with its spout to the right."""
    height = rng.uniform(0.4, 0.5)
    spout = polygon((0.4, 0.3), (0.95, -0.35), (0.82, -0.4), (0.4, 0.0))
    return Shape(
        (
            Part(spout, 0.9),
            Part(ring(-0.55, 0.1, 0.38, 0.36, 0.12, np.pi / 2, 3 * np.pi / 2), 0.9),
            Part(ellipse(0, 0.2, 0.6, height)),
            Part(ellipse(0, 0.2 - height, 0.25, 0.1), 0.8),
            Part(ellipse(0, 0.05 - height, 0.09, 0.09), 0.6),
        ),
        is_round=True,
    )


def spoon(rng: np.random.Generator) -> Shape:
    """A spoon, its bowl above."""
    bowl = rng.uniform(0.2, 0.28)
    return Shape(
        (
            Part(polygon((-0.04, -0.4), (0.04, -0.4), (0.09, 0.95), (-0.09, 0.95))),
            Part(ellipse(0, -0.6, bowl, 0.37)),
            Part(ellipse(0, -0.58, bowl * 0.7, 0.27), 0.75),
        )
    )


def glasses(rng: np.random.Generator) -> Shape:
    """A pair of glasses."""
    radius = rng.uniform(0.32, 0.38)
    rims = [Part(ring(side * 0.5, 0, radius, radius * 0.85, 0.08)) for side in (-1, 1)]
    arms = [
        Part(
            polygon((side * 0.85, -0.1), (side * 0.98, -0.45), (side * 0.98, -0.33), (side * 0.85, 0.0)), 0.8
        )
        for side in (-1, 1)
    ]
    return Shape((*rims, *arms, Part(ring(0, 0, 0.16, 0.14, 0.07, np.pi, 2 * np.pi))))


def hammer(rng: np.random.Generator) -> Shape:
    """A hammer, its head above."""
    head = rng.uniform(0.4, 0.55)
    return Shape(
        (
            Part(box(-0.08, -0.5, 0.08, 0.97), 0.9),
            Part(box(-head, -0.9, head * 0.6, -0.5)),
            Part(polygon((head * 0.6, -0.9), (head * 1.3, -0.75), (head * 0.6, -0.5)), 0.8),
        )
    )


def ladder(rng: np.random.Generator) -> Shape:
    """A ladder of five to seven rungs."""
    width = rng.uniform(0.3, 0.42)
    rails = [Part(box(side * width - 0.06, -0.97, side * width + 0.06, 0.97)) for side in (-1, 1)]
    return Shape(
        (
            *[
                Part(box(-width, y, width, y + 0.09), 0.8)
                for y in np.linspace(-0.8, 0.75, int(rng.integers(5, 8)))
            ],
            *rails,
        )
    )


def crown(rng: np.random.Generator) -> Shape:
    """A crown with gems."""
    tip = rng.uniform(-0.75, -0.55)
    outline = polygon(
        (-0.85, 0.6), (-0.95, tip), (-0.45, 0.0), (0, tip - 0.15), (0.45, 0.0), (0.95, tip), (0.85, 0.6)
    )
    gems = [Part(ellipse(x, 0.42, 0.08, 0.08), 1.0, (170, 40, 60)) for x in (-0.5, 0.0, 0.5)]
    return Shape((Part(outline), Part(box(-0.85, 0.3, 0.85, 0.6), 0.8), *gems))
