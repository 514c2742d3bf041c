"""Outlines in a square from -1 to 1 (x right, y down), their pose in a picture, and painting them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Points = NDArray[np.float64]
Field = NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """One closed outline, painted with the good's material, or with the fixed colour `ink`."""

    outline: Points
    tone: float = 1.0
    ink: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Shape:
    """A good's parts from back to front; `is_round` selects the shading of a turned body."""

    parts: tuple[Part, ...]
    is_round: bool = False


def polygon(*corners: tuple[float, float]) -> Points:
    """The corners as an outline."""
    return np.array(corners, dtype=np.float64)


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    """An upright rectangle."""
    return polygon((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def ellipse(x: float, y: float, rx: float, ry: float, start: float = 0.0, end: float = 2 * np.pi) -> Points:
    """An ellipse, or the part of it between two angles (radians, clockwise from three o'clock)."""
    angles = np.linspace(start, end, 40)
    return np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], axis=1)


def ring(
    x: float, y: float, rx: float, ry: float, width: float, start: float = 0.0, end: float = 2 * np.pi
) -> Points:
    """A band of the given width along an ellipse."""
    outer = ellipse(x, y, rx, ry, start, end)
    inner = ellipse(x, y, rx - width, ry - width, start, end)
    return np.concatenate([outer, inner[::-1]])


def turned(profile: list[tuple[float, float]]) -> Points:
    """The outline of a body turned on a lathe, from (height, radius) pairs, top first."""
    heights, radii = np.array(profile).T
    steps = np.linspace(0, len(heights) - 1, 40)
    index = np.arange(len(heights))
    # A short running mean rounds the corners of the linear interpolation.
    radius = np.interp(steps, index, radii)
    smooth = np.convolve(np.pad(radius, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    height = np.interp(steps, index, heights)
    right = np.stack([smooth, height], axis=1)
    return np.concatenate([right, right[::-1] * [-1, 1]])


@dataclass(frozen=True)
class Pose:
    """A good's place in the picture: a matrix and a centre map its square to pixels."""

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
    """A random pose near the middle: slightly rotated and sheared, sometimes mirrored."""
    size = rng.uniform(0.37, 0.45)
    across, down = (size / aspect, size) if aspect > 1 else (size, size * aspect)
    angle, lean, mirror = rng.normal(0, 0.08), rng.normal(0, 0.05), rng.choice([-1, 1])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.diag([across * width, down * height]) @ turn @ np.array([[mirror, lean], [0.0, 1.0]])
    centre = np.array([(0.5 + rng.uniform(-0.05, 0.05)) * width, (0.5 + rng.uniform(-0.05, 0.05)) * height])
    return Pose(matrix, centre)


def outline_mask(pose: Pose, outline: Points, width: int, height: int, edge: int = 0) -> Image.Image:
    """A mask that is white inside the outline, without a border of `edge` pixels."""
    mask = Image.new("L", (width, height))
    pen, corners = ImageDraw.Draw(mask), pose.to_pixels(outline)
    pen.polygon(corners, fill=255)
    if edge:
        pen.line([*corners, corners[0]], fill=0, width=2 * edge)
    return mask


def blend(scene: Field, mask: Image.Image, paint: Field, tone: float = 1.0) -> None:
    """Mix `paint` (a colour, or a field as large as the scene) into the scene by the mask."""
    box = mask.getbbox()
    if box is None:
        return
    area = (slice(box[1], box[3]), slice(box[0], box[2]))
    weight = np.asarray(mask.crop(box), dtype=np.float32)[..., None] * np.float32(1 / 255)
    scene[area] += ((paint[area] if paint.ndim == 3 else paint) * np.float32(tone) - scene[area]) * weight
