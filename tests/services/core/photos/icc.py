"""ICC profiles and the sRGB values of their colours, from published primaries, without our own code."""

import struct
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
D50 = np.array([0.96422, 1.0, 0.82521])
D65, WHITE_D50 = (0.3127, 0.3290), (0.34567, 0.35850)
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
APPLE_RGB = ((0.625, 0.34), (0.28, 0.595), (0.155, 0.07))
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
BT2020 = ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046))


def srgb_curve(signal: Floats) -> Floats:
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def rec709_curve(signal: Floats) -> Floats:
    return np.where(signal < 0.081, signal / 4.5, ((signal + 0.099) / 1.099) ** (1 / 0.45))


def power(exponent: float) -> Callable[[Floats], Floats]:
    return lambda signal: signal**exponent


def matrix(primaries: Sequence[tuple[float, float]], white: tuple[float, float]) -> Floats:
    """RGB to XYZ under the space's own white."""
    corners = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    return corners * np.linalg.solve(corners, xyz(white))


def xyz(white: tuple[float, float]) -> Floats:
    x, y = white
    return np.array([x / y, 1, (1 - x - y) / y])


def adapted(source: Floats, target: Floats) -> Floats:
    scale: Floats = np.linalg.inv(BRADFORD) @ np.diag((BRADFORD @ target) / (BRADFORD @ source)) @ BRADFORD
    return scale


def in_srgb(
    colour: tuple[int, int, int],
    primaries: Sequence[tuple[float, float]],
    curve: Callable[[Floats], Floats] = srgb_curve,
    white: tuple[float, float] = D65,
) -> tuple[int, ...]:
    """The sRGB levels of a colour of another space."""
    light = matrix(primaries, white) @ curve(np.array(colour) / 255)
    linear = np.linalg.solve(SRGB_TO_XYZ, adapted(xyz(white), xyz(D65)) @ light).clip(0, 1)
    signal = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return tuple(int(level) for level in np.rint(255 * signal))


def profile(
    name: str,
    primaries: Sequence[tuple[float, float]],
    curve: bytes,
    white: tuple[float, float] = D65,
    version: int = 4,
) -> bytes:
    """A matrix profile that is called `name`."""
    columns = (adapted(xyz(white), D50) @ matrix(primaries, white)).T
    colorants = {tag: fixed(column) for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return file(name, {b"wtpt": fixed(D50), **colorants, **curves}, version=version)


def file(name: str, tags: dict[bytes, bytes], space: bytes = b"RGB ", version: int = 4) -> bytes:
    text = name.encode("utf-16-be")
    unicode_text = b"mluc" + struct.pack(">3I2s2s2I", 0, 1, 12, b"en", b"US", len(text), 28) + text
    ascii_text = name.encode() + b"\0"
    old_text = b"desc" + struct.pack(">2I", 0, len(ascii_text)) + ascii_text + bytes(78)
    tags = {b"desc": unicode_text if version == 4 else old_text, b"cprt": unicode_text, **tags}
    at, table, bodies = 132 + 12 * len(tags), b"", b""
    for tag, body in tags.items():
        table += tag + struct.pack(">2I", at + len(bodies), len(body))
        bodies += body + bytes(-len(body) % 4)
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x", at + len(bodies), version << 24, b"mntr", space, b"XYZ ", b"acsp"
    )
    return (head + fixed(D50)[8:] + bytes(48)) + struct.pack(">I", len(tags)) + table + bodies


def fixed(values: Floats) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def gamma_curve(exponent: float) -> bytes:
    return b"curv" + struct.pack(">2IH", 0, 1, round(exponent * 256))


def srgb_parametric() -> bytes:
    values = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para" + struct.pack(">I2H5i", 0, 3, 0, *(round(value * 65536) for value in values))


def rec709_parametric() -> bytes:
    values = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
    return b"para" + struct.pack(">I2H5i", 0, 3, 0, *(round(value * 65536) for value in values))


def sampled(curve: Callable[[Floats], Floats], points: int = 1024) -> bytes:
    levels = np.rint(curve(np.linspace(0, 1, points)) * 65535).astype(int)
    return b"curv" + struct.pack(f">2I{points}H", 0, points, *levels)
