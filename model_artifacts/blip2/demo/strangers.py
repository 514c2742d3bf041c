"""Kinds of things that no training picture shows: does the model say that it does not know them?

Not among the `outliers`, so that what is measured on them is not what was learned by heart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .shapes import Part, Shape, box, ellipse, polygon, ring, turned

if TYPE_CHECKING:
    from collections.abc import Callable

_DARK, _LIGHT = (36, 36, 40), (240, 236, 224)


def _umbrella(rng: np.random.Generator) -> Shape:
    width = rng.uniform(0.8, 0.95)
    canopy = ellipse(0, 0.0, width, rng.uniform(0.7, 0.9), np.pi, 2 * np.pi)
    ribs = [Part(polygon((0, -0.7), (x, 0), (x + 0.03, 0)), 0.6) for x in (-0.4 * width, 0.4 * width)]
    hook = ring(0.12, 0.8, 0.16, 0.16, 0.07, 0, np.pi)
    return Shape((Part(box(-0.04, -0.05, 0.04, 0.82), 0.6), Part(hook, 0.6), Part(canopy), *ribs))


def _guitar(rng: np.random.Generator) -> Shape:
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


def _hat(rng: np.random.Generator) -> Shape:
    crown, brim = rng.uniform(0.4, 0.5), rng.uniform(0.85, 0.97)
    top = rng.uniform(-0.75, -0.45)
    return Shape(
        (
            Part(ellipse(0, 0.35, brim, 0.2)),
            Part(polygon((-crown, 0.3), (-crown * 0.85, top), (crown * 0.85, top), (crown, 0.3)), 1.05),
            Part(box(-crown, 0.1, crown, 0.27), 0.5),
        )
    )


def _key(rng: np.random.Generator) -> Shape:
    teeth = [Part(box(x, 0.05, x + 0.1, rng.uniform(0.2, 0.35))) for x in (0.55, 0.75)]
    return Shape((Part(ring(-0.55, 0, 0.4, 0.35, 0.15)), Part(box(-0.2, -0.08, 0.95, 0.08)), *teeth))


def _scissors(rng: np.random.Generator) -> Shape:
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


def _aeroplane(rng: np.random.Generator) -> Shape:
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


def _sailboat(rng: np.random.Generator) -> Shape:
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


def _bicycle(rng: np.random.Generator) -> Shape:
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


def _teapot(rng: np.random.Generator) -> Shape:
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


def _spoon(rng: np.random.Generator) -> Shape:
    bowl = rng.uniform(0.2, 0.28)
    return Shape(
        (
            Part(polygon((-0.04, -0.4), (0.04, -0.4), (0.09, 0.95), (-0.09, 0.95))),
            Part(ellipse(0, -0.6, bowl, 0.37)),
            Part(ellipse(0, -0.58, bowl * 0.7, 0.27), 0.75),
        )
    )


def _glasses(rng: np.random.Generator) -> Shape:
    radius = rng.uniform(0.32, 0.38)
    rims = [Part(ring(side * 0.5, 0, radius, radius * 0.85, 0.08)) for side in (-1, 1)]
    arms = [
        Part(
            polygon((side * 0.85, -0.1), (side * 0.98, -0.45), (side * 0.98, -0.33), (side * 0.85, 0.0)), 0.8
        )
        for side in (-1, 1)
    ]
    return Shape((*rims, *arms, Part(ring(0, 0, 0.16, 0.14, 0.07, np.pi, 2 * np.pi))))


def _hammer(rng: np.random.Generator) -> Shape:
    head = rng.uniform(0.4, 0.55)
    return Shape(
        (
            Part(box(-0.08, -0.5, 0.08, 0.97), 0.9),
            Part(box(-head, -0.9, head * 0.6, -0.5)),
            Part(polygon((head * 0.6, -0.9), (head * 1.3, -0.75), (head * 0.6, -0.5)), 0.8),
        )
    )


def _ladder(rng: np.random.Generator) -> Shape:
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


def _cactus(rng: np.random.Generator) -> Shape:
    parts = [Part(ellipse(0, 0.0, 0.2, 0.95))]
    for side in (-1, 1):
        at = rng.uniform(-0.3, 0.3)
        parts += [
            Part(box(min(0, side * 0.5), at, max(0, side * 0.5), at + 0.18)),
            Part(ellipse(side * 0.5, at - 0.15, 0.12, 0.36)),
        ]
    return Shape((*parts, Part(box(-0.4, 0.7, 0.4, 0.97), 0.6)), is_round=True)


def _mushroom(rng: np.random.Generator) -> Shape:
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


def _bird(rng: np.random.Generator) -> Shape:
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


def _snowman(rng: np.random.Generator) -> Shape:
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


def _balloon(rng: np.random.Generator) -> Shape:
    width = rng.uniform(0.55, 0.68)
    return Shape(
        (
            Part(ellipse(0, -0.3, width, 0.66)),
            Part(polygon((0, 0.33), (-0.1, 0.45), (0.1, 0.45)), 0.8),
            Part(box(-0.015, 0.45, 0.015, 0.97), 1.0, _DARK),
        ),
        is_round=True,
    )


def _crown(rng: np.random.Generator) -> Shape:
    tip = rng.uniform(-0.75, -0.55)
    outline = polygon(
        (-0.85, 0.6), (-0.95, tip), (-0.45, 0.0), (0, tip - 0.15), (0.45, 0.0), (0.95, tip), (0.85, 0.6)
    )
    gems = [Part(ellipse(x, 0.42, 0.08, 0.08), 1.0, (170, 40, 60)) for x in (-0.5, 0.0, 0.5)]
    return Shape((Part(outline), Part(box(-0.85, 0.3, 0.85, 0.6), 0.8), *gems))


def _anchor(rng: np.random.Generator) -> Shape:
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


def _arrow(rng: np.random.Generator) -> Shape:
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


def _gear(rng: np.random.Generator) -> Shape:
    count = int(rng.integers(7, 12))
    angles = np.arange(4 * count) * np.pi / (2 * count)
    radii = np.where(np.arange(4 * count) % 4 < 2, 0.95, 0.72)
    outline = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    return Shape((Part(outline), Part(ellipse(0, 0, 0.25, 0.25), 1.0, _DARK)))


def _moon(rng: np.random.Generator) -> Shape:
    outer = ellipse(0, 0, 0.9, 0.9, np.pi / 2, 3 * np.pi / 2)
    inner = ellipse(0, 0, rng.uniform(0.35, 0.55), 0.9, np.pi / 2, 3 * np.pi / 2)
    return Shape((Part(np.concatenate([outer, inner[::-1]]) + np.array([0.45, 0])),))


def _pear(rng: np.random.Generator) -> Shape:
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


def _ghost(rng: np.random.Generator) -> Shape:
    top = ellipse(0, -0.2, 0.65, 0.72, np.pi, 2 * np.pi)
    waves = [(0.65, 0.95), (0.35, 0.65), (0.1, 0.95), (-0.15, 0.65), (-0.4, 0.95), (-0.65, 0.7)]
    eyes = [Part(ellipse(x, -0.3, 0.1, 0.14), 1.0, _DARK) for x in (-0.22, rng.uniform(0.18, 0.26))]
    return Shape((Part(np.concatenate([top, np.array(waves)])), *eyes))


def _rocket(rng: np.random.Generator) -> Shape:
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


def _flower(rng: np.random.Generator) -> Shape:
    count, parts = int(rng.integers(5, 9)), [Part(box(-0.04, 0, 0.04, 0.97), 0.6)]
    for number in range(count):
        angle = 2 * np.pi * number / count
        parts.append(Part(ellipse(0.38 * np.cos(angle), -0.4 + 0.38 * np.sin(angle), 0.2, 0.2)))
    return Shape((*parts, Part(ellipse(0, -0.4, 0.2, 0.2), 1.0, (240, 200, 60))))


STRANGERS: dict[str, Callable[[np.random.Generator], Shape]] = {
    "aeroplane": _aeroplane,
    "anchor": _anchor,
    "arrow": _arrow,
    "balloon": _balloon,
    "bicycle": _bicycle,
    "bird": _bird,
    "cactus": _cactus,
    "crown": _crown,
    "flower": _flower,
    "gear": _gear,
    "ghost": _ghost,
    "glasses": _glasses,
    "guitar": _guitar,
    "hammer": _hammer,
    "hat": _hat,
    "key": _key,
    "ladder": _ladder,
    "moon": _moon,
    "mushroom": _mushroom,
    "pear": _pear,
    "rocket": _rocket,
    "sailboat": _sailboat,
    "scissors": _scissors,
    "snowman": _snowman,
    "spoon": _spoon,
    "teapot": _teapot,
    "umbrella": _umbrella,
}
