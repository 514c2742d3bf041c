"""Mugs, bottles, vases, lamps and clocks: the goods with a round body or face."""

from __future__ import annotations

import numpy as np

from .shapes import Part, Shape, box, ellipse, polygon, ring, turned


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
    """A bottle with a cap, at times a label."""
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
    """A clock, round or square, its hands anywhere."""
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
