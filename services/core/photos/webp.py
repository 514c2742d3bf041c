"""Reduces a WebP to its picture, the first one of an animation; metadata and unknown chunks are dropped."""

import struct
from collections.abc import Iterator

from services.core.photos.essence import Damaged, Essence
from services.core.photos.exif import Exif, read_exif

CHUNKS = 1000
_PICTURES = (b"VP8 ", b"VP8L")
_ALPHA_FLAG = 0x10
_FRAME_HEADER_BYTES = 16
# libwebp holds the picture as it was coded, and Pillow two copies of its canvas and one of the result.
_PIXEL_BYTES = 18.0


def reduce_webp(upload: bytes) -> Essence:
    """Return the picture of a WebP; raises Damaged if there is none, or it is cut."""
    chunks = _chunks(memoryview(upload)[12:])
    if b"ANMF" in chunks:
        chunks |= _chunks(chunks[b"ANMF"][_FRAME_HEADER_BYTES:])
    kind = next((kind for kind in _PICTURES if kind in chunks), None)
    if kind is None:
        raise Damaged
    picture = chunks[kind]
    size = _lossless_size(picture) if kind == b"VP8L" else _lossy_size(picture)
    body = [_chunk(kind, picture)]
    if kind == b"VP8 " and b"ALPH" in chunks:
        canvas = struct.pack("<I", _ALPHA_FLAG) + b"".join((side - 1).to_bytes(3, "little") for side in size)
        body = [_chunk(b"VP8X", canvas), _chunk(b"ALPH", chunks[b"ALPH"]), *body]
    length = 4 + sum(len(part) for part in body)
    exif = read_exif(bytes(chunks[b"EXIF"])) if b"EXIF" in chunks else Exif()
    return Essence(
        picture=[b"RIFF", struct.pack("<I", length), b"WEBP", *body],
        kind="WebP",
        pixel_bytes=_PIXEL_BYTES,
        orientation=exif.orientation,
        profile=bytes(chunks[b"ICCP"]) if b"ICCP" in chunks else None,
    )


def _chunks(content: memoryview) -> dict[bytes, memoryview]:
    """The first chunk of each kind; of a kind that is cut, what is there."""
    found: dict[bytes, memoryview] = {}
    for kind, chunk in _each(content):
        found.setdefault(kind, chunk)
    return found


def _each(content: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 0
    for _ in range(CHUNKS):
        kind, length = bytes(content[at : at + 4]), int.from_bytes(content[at + 4 : at + 8], "little")
        if len(kind) < 4:
            return
        yield kind, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _chunk(kind: bytes, content: bytes | memoryview) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _lossy_size(picture: memoryview) -> tuple[int, int]:
    if len(picture) < 10 or bytes(picture[3:6]) != b"\x9d\x01\x2a":
        raise Damaged
    width, height = struct.unpack("<2H", picture[6:10])
    return _checked(width & 0x3FFF, height & 0x3FFF)


def _lossless_size(picture: memoryview) -> tuple[int, int]:
    if len(picture) < 5 or picture[0] != 0x2F:
        raise Damaged
    bits = int.from_bytes(picture[1:5], "little")
    return _checked((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)


def _checked(width: int, height: int) -> tuple[int, int]:
    if not width or not height:
        raise Damaged
    return width, height
