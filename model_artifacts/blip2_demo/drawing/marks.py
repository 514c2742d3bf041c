"""The six marks of wear: the materials of each, its outlines and its colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .shapes import Points, ellipse

if TYPE_CHECKING:
    from collections.abc import Callable

MARKS_OF: dict[str, tuple[str, ...]] = {
    "ceramic": ("chip", "crack", "stain"),
    "fabric": ("stain", "tear"),
    "glass": ("chip", "crack", "scratch"),
    "leather": ("scratch", "stain", "tear"),
    "metal": ("dent", "scratch"),
    "paper": ("stain", "tear"),
    "plastic": ("chip", "crack", "dent", "scratch"),
    "wood": ("chip", "crack", "scratch", "stain"),
}


@dataclass(frozen=True)
class Stroke:
    """One outline of a mark, mixed into the surface as `ink` with `strength` (0..1)."""

    outline: Points
    ink: tuple[int, int, int]
    strength: float


def _ragged(rng: np.random.Generator, radius: float, roughness: float, flat: float = 1.0) -> Points:
    angles = np.linspace(0, 2 * np.pi, 22, endpoint=False)
    radii = radius * (1 + rng.uniform(-roughness, roughness, len(angles)))
    return np.stack([radii * np.cos(angles), flat * radii * np.sin(angles)], axis=1)


def _ribbon(path: Points, width: Points) -> Points:
    along = np.gradient(path, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
    return np.concatenate([path + across * width[:, None], (path - across * width[:, None])[::-1]])


def _jagged(rng: np.random.Generator, length: float, angle: float, steps: int, jitter: float) -> Points:
    along = np.linspace(-0.5, 0.5, steps) * length
    side = rng.uniform(0.4, 1.0, steps) * jitter * np.where(np.arange(steps) % 2 == 0, 1, -1)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    path: Points = np.stack([along, side], axis=1) @ turn
    return path


def _chip(rng: np.random.Generator) -> list[Stroke]:
    size = rng.uniform(0.15, 0.22)
    return [
        Stroke(_ragged(rng, size * 1.25, 0.25), (52, 44, 40), 0.85),
        Stroke(_ragged(rng, size * 0.9, 0.3), (238, 228, 206), 1.0),
    ]


def _crack(rng: np.random.Generator) -> list[Stroke]:
    angle = rng.uniform(0, np.pi)
    path = _jagged(rng, rng.uniform(0.7, 1.0), angle, 7, 0.07)
    branch = path[3] + _jagged(rng, 0.3, angle + rng.choice([-0.9, 0.9]), 4, 0.04) * [1, 1]
    return [Stroke(_ribbon(line, np.full(len(line), 0.022)), (22, 18, 18), 0.95) for line in (path, branch)]


def _dent(rng: np.random.Generator) -> list[Stroke]:
    width, height = rng.uniform(0.2, 0.3), rng.uniform(0.15, 0.22)
    strokes = [
        Stroke(ellipse(0, -0.03, width * share, height * share), (20, 22, 26), 0.22)
        for share in (1.0, 0.85, 0.7)
    ]
    return [*strokes, Stroke(ellipse(0, 0.3 * height, width * 0.6, height * 0.5), (250, 250, 250), 0.55)]


def _scratch(rng: np.random.Generator) -> list[Stroke]:
    angle, length = rng.uniform(0.2, 1.2) * rng.choice([-1, 1]), rng.uniform(0.6, 0.9)
    strokes = []
    for number in range(3):
        shift = np.array([-np.sin(angle), np.cos(angle)]) * (number - 1) * rng.uniform(0.07, 0.1)
        path = np.linspace(-0.5, 0.5, 6)[:, None] * length * np.array([np.cos(angle), np.sin(angle)]) + shift
        strokes.append(Stroke(_ribbon(path, np.linspace(0.02, 0.014, 6)), (250, 248, 244), 0.95))
    return strokes


def _stain(rng: np.random.Generator) -> list[Stroke]:
    size, flat = rng.uniform(0.24, 0.34), rng.uniform(0.7, 1.0)
    ink = (74, 46, 16)
    return [
        Stroke(_ragged(rng, size, 0.14, flat), ink, 0.6),
        Stroke(_ragged(rng, size * 0.75, 0.14, flat), ink, 0.4),
    ]


def _tear(rng: np.random.Generator) -> list[Stroke]:
    angle = rng.uniform(-0.6, 0.6) + rng.choice([0, np.pi / 2])
    path = _jagged(rng, rng.uniform(0.55, 0.8), angle, 6, 0.035)
    taper = np.sin(np.linspace(0.25, np.pi - 0.1, 6))
    return [
        Stroke(_ribbon(path, 0.13 * taper), (244, 240, 230), 0.95),
        Stroke(_ribbon(path, 0.075 * taper), (16, 12, 12), 1.0),
    ]


_MARKS: dict[str, Callable[[np.random.Generator], list[Stroke]]] = {
    "chip": _chip,
    "crack": _crack,
    "dent": _dent,
    "scratch": _scratch,
    "stain": _stain,
    "tear": _tear,
}


def mark(tag: str, rng: np.random.Generator) -> list[Stroke]:
    """The strokes of one mark around the origin, in the good's own coordinates."""
    return _MARKS[tag](rng)
