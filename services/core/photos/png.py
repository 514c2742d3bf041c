"""Reduces a PNG to its picture; text, times, animation and other chunks are dropped unread."""

import struct
import zlib
from collections.abc import Iterator, Mapping

from services.core.photos.essence import Essence
from services.core.photos.exif import Exif, read_exif
from services.core.photos.profiles import BT709, Primaries, cicp_profile, gamma, rgb_profile

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = b"\0\0\0\0IEND\xaeB`\x82"
_DECISIVE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")
_COLOURS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
# Decoders write IDAT chunks of 8 kB and more: a photo of 25 MB has 3,000.
CHUNKS = 50_000
PROFILE_BYTES = 4_000_000
# As Pillow holds them: four bytes, or one in a palette and four for its colour. A transparent colour takes a
# copy of all.
_PIXEL_BYTES, _KEYED_PIXEL_BYTES = 5.0, 9.0
# About 1 / 2.2: what programs write that mean sRGB.
_SRGB_GAMMA, _NEAR = 0.45455, 0.01


def reduce_png(upload: bytes) -> Essence:
    """Return the picture of a PNG."""
    kept: list[bytes | memoryview] = [SIGNATURE]
    told: dict[bytes, bytes] = {}
    keyed = False
    for kind, content, whole in _chunks(upload):
        keyed |= kind == b"tRNS"
        if kind in _DECISIVE:
            kept.append(whole)
        elif kind in (*_COLOURS, b"eXIf"):
            told.setdefault(kind, bytes(content))
    exif = read_exif(told[b"eXIf"]) if b"eXIf" in told else Exif()
    return Essence(
        picture=[*kept, _END],
        kind="PNG",
        pixel_bytes=_KEYED_PIXEL_BYTES if keyed else _PIXEL_BYTES,
        orientation=exif.orientation,
        profile=_profile(told),
    )


def _chunks(upload: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Each chunk's kind and content, and the chunk whole, up to the picture's end."""
    view, at = memoryview(upload), len(SIGNATURE)
    for _ in range(CHUNKS):
        length, kind = int.from_bytes(view[at : at + 4], "big"), bytes(view[at + 4 : at + 8])
        end = at + 12 + length
        if len(kind) < 4 or kind == b"IEND":
            return
        content = view[at + 8 : at + 8 + length]
        if end > len(upload) and kind in _DECISIVE:
            # The decoder tells whether what is there holds the whole picture.
            checked = struct.pack(">I", len(content)) + kind + content
            whole = checked + zlib.crc32(checked[4:]).to_bytes(4, "big")
            yield kind, content, memoryview(whole)
            return
        yield kind, content, view[at:end]
        at = end


def _profile(told: Mapping[bytes, bytes]) -> bytes | None:
    """The colours by the first of these chunks that can be read: cICP, iCCP, sRGB, gAMA and cHRM."""
    cicp = told.get(b"cICP", b"")
    if len(cicp) == 4:
        return cicp_profile(cicp[0], cicp[1])
    if b"iCCP" in told and (profile := _unpacked(told[b"iCCP"])):
        return profile
    if b"sRGB" in told:
        return None
    return _calibrated(told.get(b"gAMA", b""), told.get(b"cHRM", b""))


def _unpacked(chunk: bytes) -> bytes | None:
    _, _, packed = chunk.partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if unpacker.eof else None


def _calibrated(gama: bytes, chrm: bytes) -> bytes | None:
    exponent = int.from_bytes(gama, "big") / 100_000 if len(gama) == 4 else _SRGB_GAMMA
    curve = None if abs(exponent - _SRGB_GAMMA) < _NEAR or not 0.1 <= exponent <= 10 else gamma(1 / exponent)
    primaries = BT709
    if len(chrm) == 32:
        values = [value / 100_000 for value in struct.unpack(">8I", chrm)]
        white, red, green, blue = zip(values[::2], values[1::2], strict=True)
        primaries = Primaries(red, green, blue, white)
    if curve is None and primaries == BT709:
        return None
    try:
        return rgb_profile(primaries, curve)
    except ValueError:
        # The chunks contradict themselves, so they tell nothing about the colours.
        return None
