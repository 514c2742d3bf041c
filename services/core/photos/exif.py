"""Reads the two facts of EXIF that decide how a photo looks: its orientation, and whether it is Adobe RGB.

Reads a bounded number of tags; a tag that cannot be read counts as absent.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

UPRIGHT = 1
# Cameras write some 60 tags into each directory.
TAGS = 500
_ORIENTATION, _EXIF_DIRECTORY, _COLOUR_SPACE = 0x0112, 0x8769, 0xA001
_INTEROPERABILITY_DIRECTORY, _INTEROPERABILITY_INDEX = 0xA005, 0x0001
_SHORT, _LONG = 3, 4
# DCF 2.0 marks its optional colour space, Adobe RGB, by this index; some cameras by this colour space.
_ADOBE_INDEX, _ADOBE_COLOUR_SPACE = b"R03\0", 2


@dataclass(frozen=True)
class Exif:
    """The orientation, 1 (upright) to 8, and whether colours without a profile are Adobe RGB."""

    orientation: int = UPRIGHT
    adobe_rgb: bool = False


def read_exif(content: bytes) -> Exif:
    """Return the facts of a TIFF structure, with or without the prefix `Exif`; of any other bytes, none."""
    tiff = content.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return Exif()
    first = _directory(tiff, order, _number(tiff, order, "L", 4))
    exif = _directory(tiff, order, _value(first, _EXIF_DIRECTORY, order))
    index = _directory(tiff, order, _value(exif, _INTEROPERABILITY_DIRECTORY, order))
    orientation = _value(first, _ORIENTATION, order)
    adobe = (
        _value(exif, _COLOUR_SPACE, order) == _ADOBE_COLOUR_SPACE
        or index.get(_INTEROPERABILITY_INDEX, b"")[8:12] == _ADOBE_INDEX
    )
    return Exif(orientation if orientation and 1 <= orientation <= 8 else UPRIGHT, adobe)


def _directory(tiff: bytes, order: str, at: int | None) -> dict[int, bytes]:
    """The 12 bytes of each tag of the directory at `at`; of a tag that comes twice, the first."""
    tags: dict[int, bytes] = {}
    for entry in _entries(tiff, order, at) if at else ():
        tags.setdefault(struct.unpack(order + "H", entry[:2])[0], entry)
    return tags


def _entries(tiff: bytes, order: str, at: int) -> Iterator[bytes]:
    count = min(_number(tiff, order, "H", at) or 0, TAGS)
    for start in range(at + 2, at + 2 + 12 * count, 12):
        entry = tiff[start : start + 12]
        if len(entry) < 12:
            return
        yield entry


def _value(tags: dict[int, bytes], tag: int, order: str) -> int | None:
    entry = tags.get(tag)
    if entry is None:
        return None
    kind, count = struct.unpack(order + "HL", entry[2:8])
    if count != 1 or kind not in (_SHORT, _LONG):
        return None
    return _number(entry, order, "H" if kind == _SHORT else "L", 8)


def _number(content: bytes, order: str, size: str, at: int) -> int | None:
    try:
        return int(struct.unpack_from(order + size, content, at)[0])
    except struct.error:
        return None
