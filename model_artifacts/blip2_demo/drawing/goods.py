"""The ten kinds of goods that the demo model knows, and the outlines of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .shapes import Part, Shape, box, ellipse, polygon, ring, turned

if TYPE_CHECKING:
    from collections.abc import Callable


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


def mug(rng: np.random.Generator) -> Shape:
    """A mug with a handle."""
    width, height, taper = rng.uniform(0.52, 0.66), rng.uniform(0.62, 0.85), rng.uniform(0.8, 1.0)
    body = turned(
        [
            (-height, width),
            (0, width * (1 + taper) / 2),
            (height * 0.9, width * taper),
            (height, width * taper * 0.9),
        ]
    )
    handle = ring(width * 0.92, 0.0, 0.42, height * 0.62, 0.15, -np.pi / 2, np.pi / 2)
    rim = ellipse(0, -height, width, 0.13)
    shift = np.array([-0.17, 0.0])
    parts = (
        Part(handle + shift, 0.9),
        Part(body + shift),
        Part(rim + shift, 1.12),
        Part(ellipse(0, -height, width * 0.88, 0.09) + shift, 0.5),
    )
    return Shape(parts, is_round=True)


def bottle(rng: np.random.Generator) -> Shape:
    """A bottle with a cap, sometimes with a label."""
    radius, neck, shoulder = rng.uniform(0.27, 0.38), rng.uniform(0.09, 0.13), rng.uniform(-0.3, -0.05)
    body = turned(
        [
            (-0.88, neck),
            (-0.5, neck),
            (shoulder - 0.1, neck * 1.6),
            (shoulder + 0.15, radius),
            (0.4, radius),
            (0.98, radius),
        ]
    )
    parts = [Part(body), Part(box(-neck * 1.25, -1.0, neck * 1.25, -0.82), 1.0, (60, 50, 46))]
    if rng.random() < 0.5:
        parts.append(Part(box(-radius, 0.25, radius, 0.65), 1.0, (232, 226, 208)))
    return Shape(tuple(parts), is_round=True)


def vase(rng: np.random.Generator) -> Shape:
    """A bellied vase with a flared lip."""
    belly, neck, lip, foot = (
        rng.uniform(0.55, 0.72),
        rng.uniform(0.17, 0.26),
        rng.uniform(0.34, 0.46),
        rng.uniform(0.25, 0.36),
    )
    body = turned(
        [
            (-0.95, lip),
            (-0.72, neck),
            (-0.5, neck * 1.1),
            (-0.05, belly),
            (0.3, belly * 0.95),
            (0.8, foot),
            (0.97, foot * 1.1),
        ]
    )
    return Shape(
        (
            Part(body),
            Part(ellipse(0, -0.93, lip * 0.92, 0.1), 1.1),
            Part(ellipse(0, -0.93, lip * 0.75, 0.06), 0.45),
        ),
        is_round=True,
    )


def lamp(rng: np.random.Generator) -> Shape:
    """A table lamp: shade, stem, foot."""
    top, bottom, edge, stem = (
        rng.uniform(0.26, 0.42),
        rng.uniform(0.66, 0.82),
        rng.uniform(-0.12, 0.05),
        rng.uniform(0.07, 0.11),
    )
    shade = polygon((-top, -0.95), (top, -0.95), (bottom, edge), (-bottom, edge))
    foot = turned([(0.72, 0.1), (0.85, rng.uniform(0.38, 0.5)), (0.97, rng.uniform(0.42, 0.54))])
    return Shape((Part(box(-stem, edge, stem, 0.85), 0.7), Part(foot, 0.85), Part(shade, 1.1)), is_round=True)


def clock(rng: np.random.Generator) -> Shape:
    """A clock, round or square, with hands at random."""
    radius, frame = rng.uniform(0.82, 0.93), rng.uniform(0.3, 0.38)
    outer = (
        ellipse(0, 0, radius, radius)
        if rng.random() < 0.65
        else box(-radius * 0.9, -radius * 0.9, radius * 0.9, radius * 0.9)
    )
    inner = radius - frame
    parts = [
        Part(outer),
        Part(ellipse(0, 0, inner + 0.04, inner + 0.04), 0.6),
        Part(ellipse(0, 0, inner, inner), 1.0, (246, 244, 236)),
    ]
    for hour in range(12):
        x, y = np.cos(hour * np.pi / 6), np.sin(hour * np.pi / 6)
        parts.append(Part(ellipse(x * inner * 0.84, y * inner * 0.84, 0.035, 0.035), 1.0, (40, 40, 44)))
    for length, width in ((0.55, 0.05), (0.8, 0.035)):
        angle = rng.uniform(0, 2 * np.pi)
        along, across = (
            np.array([np.cos(angle), np.sin(angle)]) * inner * length,
            np.array([-np.sin(angle), np.cos(angle)]) * width,
        )
        parts.append(
            Part(np.array([across, along + across * 0.5, along - across * 0.5, -across]), 1.0, (30, 30, 34))
        )
    return Shape(tuple(parts))


SHAPES: dict[str, Callable[[np.random.Generator], Shape]] = {
    "bag": bag,
    "book": book,
    "bottle": bottle,
    "chair": chair,
    "clock": clock,
    "lamp": lamp,
    "mug": mug,
    "shoe": shoe,
    "table": table,
    "vase": vase,
}
