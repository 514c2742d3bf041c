"""Photos of random pixels."""

from __future__ import annotations

import numpy as np
from PIL import Image


def noise(count: int, side: int = 384) -> list[Image.Image]:
    """Return photos of random pixels: the time does not depend on what they show."""
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 255, (side, side, 3), dtype=np.uint8)) for _ in range(count)]
