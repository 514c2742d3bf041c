"""Mutations of a photo's bytes: blind ones, and ones that know the lengths and checksums of its format."""

import random
import re
import struct
import zlib
from collections.abc import Callable

from benchmarks.photo_fuzz.seeds import Seed

Mutation = Callable[[random.Random, bytearray, bytes], None]
# Where sizes, counts and offsets are.
HEAD_BYTES = 700
_INTERESTING = (0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_JPEG_MARKERS = re.compile(rb"\xff[\xc0-\xfe]")
_BOXES = re.compile(rb"meta|iinf|infe|iloc|iref|cdsc|ipco|iprp|ispe|colr|hvcC|ipma|mdat|pitm|pixi|auxC|irot")
_CHUNKS = {
    "PNG": re.compile(rb"IHDR|PLTE|tRNS|IDAT|IEND|iCCP|iTXt|eXIf|gAMA|cHRM"),
    "WebP": re.compile(rb"VP8X|VP8L|VP8 |ALPH|ANIM|ANMF|ICCP|EXIF|XMP "),
    "HEIC": _BOXES,
}


def mutated(source: random.Random, seed: Seed, other: Seed) -> bytes:
    """Return the photo after one to four mutations; `other` is one to splice with."""
    content = bytearray(seed.content)
    for _ in range(source.choice((1, 1, 1, 2, 2, 3, 4))):
        if content:
            source.choice((*_BLIND, *_AWARE, *_AWARE))(source, content, other.content)
    if seed.format == "PNG" and source.random() < 0.8:
        _mend_checksums(content)
    # Keeps what tells the format; that other bytes are refused is tested elsewhere.
    keep = 12 if seed.format in ("HEIC", "WebP") else 3
    content[:keep] = seed.content[:keep]
    return bytes(content)


def _flip_bits(source: random.Random, content: bytearray, __: bytes) -> None:
    for _ in range(source.randint(1, 20)):
        content[source.randrange(len(content))] ^= 1 << source.randrange(8)


def _set_bytes(source: random.Random, content: bytearray, __: bytes) -> None:
    for _ in range(source.randint(1, 8)):
        content[source.randrange(min(len(content), HEAD_BYTES))] = source.randrange(256)


def _cut(source: random.Random, content: bytearray, _: bytes) -> None:
    del content[source.randrange(len(content)) :]


def _remove(source: random.Random, content: bytearray, _: bytes) -> None:
    start = source.randrange(len(content))
    del content[start : start + source.randint(1, 200)]


def _repeat(source: random.Random, content: bytearray, _: bytes) -> None:
    start = source.randrange(len(content))
    part = content[start : start + source.randint(1, 500)]
    content[start:start] = part * source.choice((1, 2, 50))


def _insert(source: random.Random, content: bytearray, _: bytes) -> None:
    start = source.randrange(len(content))
    content[start:start] = source.randbytes(source.choice((1, 2, 4, 50)))


def _splice(source: random.Random, content: bytearray, other: bytes) -> None:
    start = source.randrange(len(content))
    content[start:] = other[source.randrange(len(other)) :]


def _set_number(source: random.Random, content: bytearray, _: bytes) -> None:
    _write_number(source, content, source.randrange(min(len(content), HEAD_BYTES)))


def _set_length(source: random.Random, content: bytearray, _: bytes) -> None:
    """Change a number beside the name of a chunk, a box, or a JPEG header."""
    places = [found.end() for found in _JPEG_MARKERS.finditer(content)] if content[:2] == b"\xff\xd8" else []
    for pattern in _CHUNKS.values():
        places += [found.start() + side for found in pattern.finditer(content) for side in (-4, 4, 8, 12)]
    if places:
        _write_number(source, content, max(0, source.choice(places)))


def _set_marker(source: random.Random, content: bytearray, _: bytes) -> None:
    markers = [found.start() + 1 for found in _JPEG_MARKERS.finditer(content)]
    if markers:
        content[source.choice(markers)] = source.randint(0xC0, 0xFE)


def _write_number(source: random.Random, content: bytearray, at: int) -> None:
    size = source.choice((1, 2, 4))
    number = source.choice(_INTERESTING) + source.choice((-1, 0, 0, 1))
    order = source.choice(("big", "big", "little"))
    content[at : at + size] = (number % 256**size).to_bytes(size, order)


def _mend_checksums(content: bytearray) -> None:
    """Let the decoder see what a checksum would keep from it."""
    at = 8
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        end = at + 8 + length
        if end + 4 > len(content):
            return
        content[end : end + 4] = zlib.crc32(content[at + 4 : end]).to_bytes(4, "big")
        at = end + 4


_BLIND: tuple[Mutation, ...] = (_flip_bits, _set_bytes, _cut, _remove, _repeat, _insert, _splice)
_AWARE: tuple[Mutation, ...] = (_set_number, _set_length, _set_marker)
