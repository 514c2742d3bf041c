"""The picture that a good is drawn on: where the good stands in it, masks of outlines, mixing in paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from .materials import Field
    from .shapes import Points


@dataclass(frozen=True)
class Pose:
    """Where the good stands in the picture: its own square goes to pixels by a matrix and a centre."""

    matrix: Points
    centre: Points

    def to_pixels(self, points: Points) -> list[tuple[float, float]]:
        """The good's own coordinates as pixels."""
        return [(float(x), float(y)) for x, y in points @ self.matrix.T + self.centre]

    def fields(self, width: int, height: int) -> tuple[Field, Field]:
        """Each pixel's place in the good's own coordinates."""
        inverse = np.linalg.inv(self.matrix).astype(np.float32)
        x = np.arange(width, dtype=np.float32)[None, :] + 0.5 - np.float32(self.centre[0])
        y = np.arange(height, dtype=np.float32)[:, None] + 0.5 - np.float32(self.centre[1])
        return inverse[0, 0] * x + inverse[0, 1] * y, inverse[1, 0] * x + inverse[1, 1] * y


def place(rng: np.random.Generator, width: int, height: int, aspect: float) -> Pose:
    """Stand a good near the middle, a little turned, leaning and perhaps mirrored."""
    size = rng.uniform(0.37, 0.45)
    across, down = (size / aspect, size) if aspect > 1 else (size, size * aspect)
    angle, lean, mirror = rng.normal(0, 0.08), rng.normal(0, 0.05), rng.choice([-1, 1])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.diag([across * width, down * height]) @ turn @ np.array([[mirror, lean], [0.0, 1.0]])
    centre = np.array([(0.5 + rng.uniform(-0.05, 0.05)) * width, (0.5 + rng.uniform(-0.05, 0.05)) * height])
    return Pose(matrix, centre)


def outline_mask(pose: Pose, outline: Points, width: int, height: int, edge: int = 0) -> Image.Image:
    """The outline's inside in white, less a border of `edge` pixels."""
    mask = Image.new("L", (width, height))
    pen, corners = ImageDraw.Draw(mask), pose.to_pixels(outline)
    pen.polygon(corners, fill=255)
    if edge:
        pen.line([*corners, corners[0]], fill=0, width=2 * edge)
    return mask


def blend(scene: Field, mask: Image.Image, paint: Field, tone: float = 1.0) -> None:
    """Mix `paint` (a colour, or a field as large as the scene) into the scene where the mask says."""
    box = mask.getbbox()
    if box is None:
        return
    area = (slice(box[1], box[3]), slice(box[0], box[2]))
    weight = np.asarray(mask.crop(box), dtype=np.float32)[..., None] * np.float32(1 / 255)
    scene[area] += ((paint[area] if paint.ndim == 3 else paint) * np.float32(tone) - scene[area]) * weight
