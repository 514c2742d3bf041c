"""Simple outlines and the parts they make, in a square that runs from -1 to 1 (x right, y down)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """One closed outline: painted with the good's material, or with a fixed colour when `ink` is set."""

    outline: Points
    tone: float = 1.0
    ink: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Shape:
    """A good's parts from back to front; `is_round` asks for the shading of a turned body."""

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
    # A short running mean rounds the corners that straight interpolation leaves.
    radius = np.interp(steps, index, radii)
    smooth = np.convolve(np.pad(radius, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    height = np.interp(steps, index, heights)
    right = np.stack([smooth, height], axis=1)
    return np.concatenate([right, right[::-1] * [-1, 1]])
