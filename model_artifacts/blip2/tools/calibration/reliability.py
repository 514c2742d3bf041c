"""Draws a reliability diagram as SVG: how often claims of a probability are true, before and after a fit."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .fitting import Flags, Numbers
    from .measuring import Measured
    from .samples import Line, Scale

BINS = 10
# In pixels.
_LEFT, _TOP, _SIDE, _RIGHT, _STRIP = 58, 44, 300, 20, 40
_BEFORE, _AFTER = "#b08a5a", "#2a7a9b"
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_Z = 1.96


@dataclass(frozen=True)
class Bin:
    """Similar probabilities: their mean, the share of them that is true, and its 95 % interval."""

    p: float
    share: float
    low: float
    high: float


def bins(p: Numbers, is_true: Flags) -> list[Bin]:
    """The tenths of the probabilities that hold photos, with Wilson's intervals."""
    found = []
    tenth = np.minimum((p * BINS).astype(int), BINS - 1)
    for part in (tenth == number for number in range(BINS)):
        if not (n := int(part.sum())):
            continue
        share = float(is_true[part].mean())
        middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
        low, high = max(0.0, middle - half), min(1.0, middle + half)
        found.append(Bin(float(p[part].mean()), share, float(low), float(high)))
    return found


def diagram(measured: Measured[Scale] | Measured[Line]) -> str:
    """The SVG picture of a question: claims against what is true, and below it how the claims are spread."""
    width, bottom = _LEFT + _SIDE + _RIGHT, _TOP + _SIDE
    height = bottom + _STRIP + 56
    title = f"{measured.question}: {measured.photos:,} photos"
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="11" role="img">',
        f"<title>Reliability of {escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="16" font-size="13" font-weight="bold">{escape(title)}</text>',
        *_legend(measured),
        *_axes(bottom),
        *_curve(bins(measured.before.p, measured.before.is_true), _BEFORE, -2),
        *_curve(bins(measured.after.p, measured.after.is_true), _AFTER, 2),
        *_spread(measured.after.p, bottom + 4),
        f'<text x="{_x(0.5):.0f}" y="{height - 6}" text-anchor="middle">probability claimed '
        "(bars: how many photos)</text>",
        f'<text transform="translate(12 {_y(0.5):.0f}) rotate(-90)" text-anchor="middle">share true</text>',
    ]
    return "\n".join([*rows, "</svg>", ""])


def _legend(measured: Measured[Scale] | Measured[Line]) -> list[str]:
    said = (("before", _BEFORE, measured.error_before), ("after", _AFTER, measured.error_after))
    return [
        f'<text x="{_LEFT + number * 150}" y="34" fill="{colour}">{name}: off by {error:.3f}</text>'
        for number, (name, colour, error) in enumerate(said)
    ]


def _axes(bottom: int) -> list[str]:
    rows = [
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#999"/>',
        f'<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" stroke="#bbb" stroke-dasharray="4 3"/>',
    ]
    for tick in _TICKS:
        below = bottom + _STRIP + 20
        rows += [
            f'<path d="M{_x(tick)} {_TOP}v{_SIDE}M{_LEFT} {_y(tick)}h{_SIDE}" stroke="#eee" fill="none"/>',
            f'<text x="{_LEFT - 6}" y="{_y(tick) + 4:.0f}" text-anchor="end" fill="#555">{tick:g}</text>',
            f'<text x="{_x(tick)}" y="{below}" text-anchor="middle" fill="#555">{tick:g}</text>',
        ]
    return rows


def _curve(found: list[Bin], colour: str, aside: int) -> list[str]:
    points = " ".join(f"{_x(one.p):.1f},{_y(one.share):.1f}" for one in found)
    rows = [f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>']
    for one in found:
        # The intervals of both curves stay apart where the points are at the same place.
        x = _x(one.p) + aside
        rows += [
            f'<path d="M{x:.1f} {_y(one.low):.1f}V{_y(one.high):.1f}" stroke="{colour}" opacity="0.5"/>',
            f'<circle cx="{_x(one.p):.1f}" cy="{_y(one.share):.1f}" r="3" fill="{colour}"/>',
        ]
    return rows


def _spread(p: Numbers, top: int) -> list[str]:
    counts, edges = np.histogram(p, bins=20, range=(0, 1))
    tallest = max(1, int(counts.max()))
    rows = []
    for count, edge in zip(counts.tolist(), edges.tolist()[:-1], strict=True):
        tall = count / tallest * _STRIP
        rows.append(
            f'<rect x="{_x(edge) + 1:.1f}" y="{top + _STRIP - tall:.1f}" width="{_SIDE / 20 - 2:.1f}" '
            f'height="{tall:.1f}" fill="{_AFTER}" opacity="0.5"/>'
        )
    return rows


def _x(p: float) -> float:
    return _LEFT + _SIDE * p


def _y(share: float) -> float:
    return _TOP + _SIDE * (1 - share)
