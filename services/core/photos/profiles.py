"""Writes ICC profiles of RGB spaces that a file names otherwise: by EXIF, PNG chunks, or code points (CICP).

A profile holds the primaries, adapted to the white D50 that ICC works in, and one curve for all three.
"""

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
Curve = Callable[[float], float]
Chromaticity = tuple[float, float]
D65: Chromaticity = (0.3127, 0.3290)
D50_XYZ = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_POINTS = 1024
# HDR curves say how bright light is, up to 10,000 cd/m²; paper white is 203 cd/m² (ITU-R BT.2408).
_PAPER_WHITE, _PQ_PEAK = 203.0, 10_000.0
_HLG_PAPER_WHITE = 0.75


@dataclass(frozen=True)
class Primaries:
    """The chromaticities of red, green, blue and white, each as (x, y)."""

    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity
    white: Chromaticity = D65


BT709 = Primaries((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
ADOBE = Primaries((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
# By the code points of ITU-T H.273, which HEIC and PNG use.
PRIMARIES = {
    1: BT709,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}


def gamma(exponent: float) -> Curve:
    """The curve of a power of the signal."""

    def curve(signal: float) -> float:
        return math.pow(signal, exponent)

    return curve


def _srgb(signal: float) -> float:
    return signal / 12.92 if signal <= 0.04045 else ((signal + 0.055) / 1.055) ** 2.4


def _pq(signal: float) -> float:
    power = signal ** (1 / 78.84375)
    light = max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    return min(1.0, math.pow(light, 1 / 0.1593017578125) * _PQ_PEAK / _PAPER_WHITE)


def _hlg(signal: float) -> float:
    return min(1.0, _hlg_light(signal) / _hlg_light(_HLG_PAPER_WHITE))


def _hlg_light(signal: float) -> float:
    if signal <= 0.5:
        return signal * signal / 3
    return (math.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12


# Video's code points (1, 6, 14, 15) name the camera's curve; still pictures that carry them are meant for the
# display's, as which browsers and phones show them.
TRANSFERS: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 13, 14, 15), _srgb),
    4: gamma(2.2),
    5: gamma(2.8),
    8: gamma(1.0),
    16: _pq,
    18: _hlg,
}


def cicp_profile(primaries: int, transfer: int) -> bytes | None:
    """The profile of code points; None for sRGB, and for points that are unspecified or unknown."""
    curve = TRANSFERS.get(transfer, _srgb)
    found = PRIMARIES.get(primaries, BT709)
    return None if (found, curve) == (BT709, _srgb) else rgb_profile(found, curve)


def rgb_profile(primaries: Primaries, curve: Curve | None = None) -> bytes:
    """The profile of an RGB space whose curve maps a signal of 0 to 1 to light; without one, that of sRGB.

    Raises ValueError for primaries that are no triangle around a white.
    """
    white = (b"wtpt", _xyz(D50_XYZ))
    columns = zip((b"rXYZ", b"gXYZ", b"bXYZ"), _columns(primaries), strict=True)
    colorants = [(name, _xyz(column)) for name, column in columns]
    curves = [(name, _table(curve or _srgb)) for name in (b"rTRC", b"gTRC", b"bTRC")]
    names = [(b"desc", b"desc" + struct.pack(">3I", 0, 1, 0) + bytes(79)), (b"cprt", b"text" + bytes(8))]
    return _file([white, *colorants, *curves, *names])


def adobe_rgb() -> bytes:
    """The profile of Adobe RGB (1998)."""
    return rgb_profile(ADOBE, gamma(563 / 256))


def _columns(primaries: Primaries) -> list[tuple[float, ...]]:
    """The XYZ of red, green and blue under D50."""
    corners = [_to_xyz(corner) for corner in (primaries.red, primaries.green, primaries.blue)]
    by_row = _transposed(corners)
    white = _to_xyz(primaries.white)
    amounts = _times(_inverse(by_row), white)
    source, target = _times(_BRADFORD, white), _times(_BRADFORD, D50_XYZ)
    if min(amounts) <= 0 or min(source) <= 0:
        raise ValueError("the primaries are no triangle around the white")
    back = _inverse(_BRADFORD)
    adapted = []
    for corner, amount in zip(corners, amounts, strict=True):
        cone = _times(_BRADFORD, tuple(amount * value for value in corner))
        adapted.append(_times(back, tuple(c * t / s for c, t, s in zip(cone, target, source, strict=True))))
    return adapted


def _to_xyz(chromaticity: Chromaticity) -> tuple[float, float, float]:
    x, y = chromaticity
    if y <= 0:
        raise ValueError("a chromaticity has no brightness")
    return x / y, 1.0, (1 - x - y) / y


def _transposed(columns: Sequence[tuple[float, float, float]]) -> Matrix:
    a, b, c = zip(*columns, strict=True)
    return a, b, c


def _times(matrix: Matrix, vector: Sequence[float]) -> tuple[float, ...]:
    return tuple(sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    minors = ((e * i - f * h, c * h - b * i, b * f - c * e), (f * g - d * i, a * i - c * g, c * d - a * f))
    last = (d * h - e * g, b * g - a * h, a * e - b * d)
    determinant = a * minors[0][0] + b * minors[1][0] + c * last[0]
    if abs(determinant) < 1e-9:
        raise ValueError("the primaries lie on a line")
    return tuple(tuple(value / determinant for value in row) for row in (*minors, last))  # type: ignore[return-value]


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def _table(curve: Curve) -> bytes:
    levels = (round(65535 * min(1.0, max(0.0, curve(point / (_POINTS - 1))))) for point in range(_POINTS))
    return b"curv" + struct.pack(f">2I{_POINTS}H", 0, _POINTS, *levels)


def _file(tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    """An ICC profile, version 2.1, for displays."""
    at = 128 + 4 + 12 * len(tags)
    table, bodies, placed = b"", b"", {}
    for name, body in tags:
        if body not in placed:
            placed[body] = at + len(bodies)
            bodies += body + bytes(-len(body) % 4)
        table += struct.pack(">4s2I", name, placed[body], len(body))
    illuminant = struct.pack(">3i", *(round(value * 65536) for value in D50_XYZ))
    head = struct.pack(
        ">I4sI4s4s4s12x4s28x12s48x",
        at + len(bodies),
        bytes(4),
        0x02100000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        b"acsp",
        illuminant,
    )
    return head + struct.pack(">I", len(tags)) + table + bodies
