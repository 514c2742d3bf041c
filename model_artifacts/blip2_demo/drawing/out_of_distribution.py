"""Kinds of things that are in no training picture, to measure how often the model answers `unknown`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import household, living, vehicles

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from .shapes import Shape

OUT_OF_DISTRIBUTION: dict[str, Callable[[np.random.Generator], Shape]] = {
    "aeroplane": vehicles.aeroplane,
    "anchor": vehicles.anchor,
    "arrow": vehicles.arrow,
    "balloon": vehicles.balloon,
    "bicycle": vehicles.bicycle,
    "bird": living.bird,
    "cactus": living.cactus,
    "crown": household.crown,
    "flower": living.flower,
    "gear": vehicles.gear,
    "ghost": living.ghost,
    "glasses": household.glasses,
    "guitar": household.guitar,
    "hammer": household.hammer,
    "hat": household.hat,
    "key": household.key,
    "ladder": household.ladder,
    "moon": living.moon,
    "mushroom": living.mushroom,
    "pear": living.pear,
    "rocket": vehicles.rocket,
    "sailboat": vehicles.sailboat,
    "scissors": household.scissors,
    "snowman": living.snowman,
    "spoon": household.spoon,
    "teapot": household.teapot,
    "umbrella": household.umbrella,
}
