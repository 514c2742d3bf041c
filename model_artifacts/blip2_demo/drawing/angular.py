"""Books, bags, shoes, chairs and tables: the goods with corners."""

from __future__ import annotations

import numpy as np

from .shapes import Part, Shape, box, ellipse, polygon, ring


def book(rng: np.random.Generator) -> Shape:
    """A closed book seen from the front corner."""
    width, height, depth = rng.uniform(0.5, 0.68), rng.uniform(0.75, 0.92), rng.uniform(0.16, 0.26)
    cover = box(-width, -height + depth, width - depth, height)
    pages = polygon(
        (width - depth, -height + depth), (width, -height), (width, height - depth), (width - depth, height)
    )
    top = polygon(
        (-width, -height + depth),
        (-width + depth, -height),
        (width, -height),
        (width - depth, -height + depth),
    )
    lines = [Part(pages, 1.0, (236, 230, 214)), Part(top, 1.0, (220, 213, 196)), Part(cover)]
    lines.append(Part(box(-width, -height + depth, -width + 0.14, height), 0.72))
    left, right = -width + 0.28, width - depth - 0.14
    lines.append(Part(box(left, -height + depth + 0.2, right, -height + depth + 0.36), 1.0, (238, 226, 176)))
    lines.append(
        Part(
            box(left + 0.12, -height + depth + 0.46, right - 0.12, -height + depth + 0.54),
            1.0,
            (238, 226, 176),
        )
    )
    return Shape(tuple(lines))


def bag(rng: np.random.Generator) -> Shape:
    """A handbag, with or without a flap."""
    top, bottom, upper = rng.uniform(0.55, 0.7), rng.uniform(0.72, 0.92), rng.uniform(-0.3, -0.12)
    body = polygon(
        (-top, upper),
        (top, upper),
        (bottom, 0.88),
        (bottom - 0.06, 0.95),
        (-bottom + 0.06, 0.95),
        (-bottom, 0.88),
    )
    strap = ring(0, upper + 0.04, rng.uniform(0.36, 0.48), rng.uniform(0.55, 0.72), 0.11, np.pi, 2 * np.pi)
    parts = [Part(strap, 0.75), Part(body)]
    if rng.random() < 0.6:
        parts.append(
            Part(
                polygon((-top, upper), (top, upper), (top * 0.9, upper + 0.34), (-top * 0.9, upper + 0.34)),
                0.8,
            )
        )
        parts.append(Part(box(-0.09, upper + 0.26, 0.09, upper + 0.44), 1.0, (214, 178, 84)))
    return Shape(tuple(parts))


def shoe(rng: np.random.Generator) -> Shape:
    """A laced shoe from its side."""
    ankle, toe = rng.uniform(-0.55, -0.3), rng.uniform(0.02, 0.16)
    upper = polygon(
        (-0.92, ankle),
        (-0.36, ankle - 0.02),
        (-0.2, ankle + 0.18),
        (0.25, toe),
        (0.7, toe + 0.08),
        (0.92, toe + 0.24),
        (0.95, 0.46),
        (-0.92, 0.46),
        (-0.98, 0.1),
    )
    sole = polygon((-0.96, 0.44), (0.98, 0.44), (0.94, 0.62), (-0.92, 0.62))
    parts = [
        Part(upper),
        Part(sole, 1.0, (54, 48, 46) if rng.random() < 0.6 else (226, 222, 214)),
        Part(ellipse(-0.64, ankle, 0.27, 0.09), 0.4),
    ]
    for step in range(3):
        x, y = -0.2 + step * 0.15, ankle + 0.2 + step * (toe - ankle - 0.12) / 3
        parts.append(
            Part(
                polygon(
                    (x - 0.12, y + 0.1), (x + 0.04, y - 0.06), (x + 0.09, y - 0.03), (x - 0.07, y + 0.13)
                ),
                1.0,
                (240, 238, 230),
            )
        )
    return Shape(tuple(parts))


def chair(rng: np.random.Generator) -> Shape:
    """A chair with a closed or slatted back."""
    width, back, leg = rng.uniform(0.4, 0.5), rng.uniform(0.82, 0.98), rng.uniform(0.1, 0.14)
    legs = [
        box(-width, 0.2, -width + leg, 0.98),
        box(width - leg, 0.2, width, 0.98),
        box(-width + 0.22, 0.1, -width + 0.2 + leg, 0.78),
        box(width + 0.02, 0.1, width + leg, 0.78),
    ]
    parts = [Part(outline, 0.7 if number > 1 else 0.9) for number, outline in enumerate(legs)]
    posts = [
        box(-width + 0.12, -back, -width + 0.12 + leg, 0.1),
        box(width - leg + 0.12, -back, width + 0.12, 0.1),
    ]
    parts += [Part(outline, 0.9) for outline in posts]
    if rng.random() < 0.5:
        parts.append(Part(box(-width + 0.12, -back, width + 0.12, -back * 0.2)))
    else:
        parts += [
            Part(box(-width + 0.12, -back * share, width + 0.12, -back * share + 0.22))
            for share in (1.0, 0.62)
        ]
    parts.append(Part(polygon((-width, 0.2), (-width + 0.22, 0.0), (width + 0.18, 0.0), (width, 0.2)), 1.1))
    parts.append(Part(box(-width, 0.18, width, 0.34), 0.85))
    return Shape(tuple(parts))


def table(rng: np.random.Generator) -> Shape:
    """A table seen from a little above."""
    width, top, slant, leg = (
        rng.uniform(0.82, 0.95),
        rng.uniform(-0.5, -0.3),
        rng.uniform(0.28, 0.42),
        rng.uniform(0.12, 0.18),
    )
    front = top + slant
    back_legs = [
        box(-width + slant * 0.8, front, -width + slant * 0.8 + leg * 0.8, 0.62),
        box(width - slant * 0.8 - leg * 0.8, front, width - slant * 0.8, 0.62),
    ]
    legs = [
        box(-width + 0.03, front, -width + 0.03 + leg, 0.9),
        box(width - 0.03 - leg, front, width - 0.03, 0.9),
    ]
    parts = [Part(outline, 0.6) for outline in back_legs] + [Part(outline, 0.85) for outline in legs]
    parts.append(
        Part(
            polygon((-width, front), (-width + slant * 0.7, top), (width - slant * 0.7, top), (width, front)),
            1.1,
        )
    )
    parts.append(Part(box(-width, front, width, front + 0.16), 0.8))
    return Shape(tuple(parts))
