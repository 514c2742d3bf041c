"""Hides the metadata of a HEIC from its decoder, which would refuse a photo for metadata that is damaged.

The file keeps its length and layout: its boxes point to each other by their places.
"""

from collections.abc import Iterator

from services.core.photos.essence import Essence

BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
BOXES = 5000
# The decoder's planes of brightness and colour, its result, and Pillow's.
_PIXEL_BYTES = 8.5
_META_CONTENT = 4  # version and flags come before the boxes inside


def is_heic(upload: bytes) -> bool:
    """Whether the first box lists a brand of HEIC; AVIF uses the same box."""
    if upload[4:8] != b"ftyp":
        return False
    brands = upload[8 : min(int.from_bytes(upload[:4], "big"), 256)]
    return any(brands[at : at + 4] in BRANDS for at in range(0, len(brands), 4))


def reduce_heic(upload: bytes) -> Essence:
    """Return the HEIC without references from its metadata to its pictures."""
    hidden = bytearray(upload)
    for kind, start, end in _boxes(upload, 0, len(upload)):
        if kind == b"meta":
            for inner, inner_start, inner_end in _boxes(upload, start + _META_CONTENT, end):
                if inner == b"iref":
                    _hide(hidden, upload, inner_start + _META_CONTENT, inner_end)
    return Essence(picture=[bytes(hidden)], kind="HEIC", pixel_bytes=_PIXEL_BYTES)


def _hide(hidden: bytearray, upload: bytes, start: int, end: int) -> None:
    for kind, content, _ in _boxes(upload, start, end):
        if kind == b"cdsc":
            hidden[content - 4 : content] = b"free"


def _boxes(upload: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Each box's kind, and where its content starts and ends."""
    at = start
    for _ in range(BOXES):
        length, kind, content = int.from_bytes(upload[at : at + 4], "big"), upload[at + 4 : at + 8], at + 8
        if length == 1:
            length, content = int.from_bytes(upload[at + 8 : at + 16], "big"), at + 16
        if length == 0:
            length = end - at
        if len(kind) < 4 or length < content - at or at + length > end:
            return
        yield kind, content, at + length
        at += length
