"""The ten kinds of goods that the demo model knows, and how each is outlined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import angular, turned

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from .shapes import Shape

SHAPES: dict[str, Callable[[np.random.Generator], Shape]] = {
    "bag": angular.bag,
    "book": angular.book,
    "bottle": turned.bottle,
    "chair": angular.chair,
    "clock": turned.clock,
    "lamp": turned.lamp,
    "mug": turned.mug,
    "shoe": angular.shoe,
    "table": angular.table,
    "vase": turned.vase,
}
