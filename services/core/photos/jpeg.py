"""Reduces a JPEG to what its decoder needs, read the way libjpeg reads it.

The headers are written anew, so libjpeg finds what was found here: markers without a length, filling and
garbage between headers are gone, and so are metadata and further pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.core.photos.essence import Damaged, Essence, TooMuchWork
from services.core.photos.exif import Exif, read_exif
from services.core.photos.profiles import adobe_rgb

START = b"\xff\xd8\xff"
END_OF_IMAGE = b"\xff\xd9"
# Programs write up to 12 scans; a decoder works on the whole picture for each.
SCANS = 100
# Phones write 20 to 60 headers, and a profile of a megabyte 16 more.
HEADERS = 2000
_SOI, _EOI, _SOS, _DQT, _DHT, _DRI, _DAC = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xCC
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_STANDALONE = (0x01, *range(0xD0, 0xD8))
# Each coded by Huffman or arithmetically; libjpeg reads no other frames.
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1, 0xC9), (0xC2, 0xCA)
_FRAMES = (*_SEQUENTIAL, *_PROGRESSIVE)
_UNREADABLE_FRAMES = (0xC3, *range(0xC5, 0xC8), 0xCB, *range(0xCD, 0xD0))
_NO_THUMBNAIL = b"\0\1\0\1\0\0"
_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"
# A decoder of several scans keeps each sample's coefficient, 2 bytes; of one scan, a few rows.
_COEFFICIENT_BYTES, _ROW_BYTES = 2, 0.3
_SCAN = b"\xff\xda"


@dataclass
class _Headers:
    """The headers before the first scan."""

    kept: list[bytes] = field(default_factory=list)
    exif: bytes = b""
    profile: dict[int, bytes] = field(default_factory=dict)
    profile_parts: int = 0
    frame: bytes = b""
    sequential: bool = False
    restart_interval: int = 0


def reduce_jpeg(upload: bytes) -> Essence:
    """Return the first picture of a JPEG.

    Raises Damaged if it has no scan, or no frame that is read here, and TooMuchWork if it has too many scans.
    """
    headers = _Headers()
    for marker, content in _segments(upload):
        if isinstance(content, int):
            return _essence(headers, upload, content)
        _keep(headers, marker, content)
    raise Damaged


def _segments(upload: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Each header's marker and content; for the first scan, where it starts."""
    at = 2
    for _ in range(HEADERS):
        at = upload.find(b"\xff", at)
        while upload[at : at + 2] == b"\xff\xff":
            at += 1
        marker = upload[at + 1] if 0 <= at < len(upload) - 1 else _EOI
        if marker in (_SOI, _EOI):
            raise Damaged
        if marker == 0 or marker in _STANDALONE:
            at += 2
            continue
        if marker == _SOS:
            yield marker, at
            return
        length = int.from_bytes(upload[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(upload):
            raise Damaged
        yield marker, upload[at + 4 : at + 2 + length]
        at += 2 + length
    raise Damaged


def _keep(headers: _Headers, marker: int, content: bytes) -> None:
    if marker in _UNREADABLE_FRAMES or (marker in _FRAMES and headers.frame):
        raise Damaged
    if marker in _FRAMES:
        headers.frame, headers.sequential = content, marker in _SEQUENTIAL
    if marker == _DRI and len(content) == 2:
        headers.restart_interval = int.from_bytes(content, "big")
    if marker == _APP1 and content.startswith(_EXIF):
        headers.exif = headers.exif or content
    if marker == _APP2 and content.startswith(_ICC) and len(content) > 14:
        headers.profile.setdefault(content[12], content[14:])
        headers.profile_parts = content[13]
    # JFIF's and Adobe's tell how colours are coded.
    if marker == _APP0 and content.startswith(b"JFIF\0"):
        content = content[:9] + _NO_THUMBNAIL
    if marker in (*_FRAMES, _DQT, _DHT, _DRI, _DAC, _APP14) or content.startswith(b"JFIF\0"):
        headers.kept.append(bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content)


def _essence(headers: _Headers, upload: bytes, scan: int) -> Essence:
    frame = headers.frame
    if len(frame) < 6 or len(frame) != 6 + 3 * frame[5]:
        raise Damaged
    one_scan = headers.sequential and upload[scan + 4 : scan + 5] == frame[5:6]
    if not one_scan and upload.count(_SCAN, scan) > SCANS:
        raise TooMuchWork
    open_ended = upload.rfind(END_OF_IMAGE, scan) < 0
    # Half of the end marker would make a marker of what the decoder adds.
    end = len(upload) - (upload.endswith(b"\xff") if open_ended else 0)
    exif = read_exif(headers.exif) if headers.exif else Exif()
    return Essence(
        picture=[START[:2], *headers.kept, memoryview(upload)[scan:end]],
        kind="JPEG" if one_scan else "JPEG of several scans",
        pixel_bytes=_ROW_BYTES if one_scan else _COEFFICIENT_BYTES * _samples(frame),
        orientation=exif.orientation,
        profile=_profile(headers) or (adobe_rgb() if exif.adobe_rgb else None),
        open_ended=open_ended,
    )


def _samples(frame: bytes) -> float:
    """Samples per pixel: 3 without subsampling, 1.5 in most photos."""
    factors = [(byte >> 4, byte & 15) for byte in frame[7::3]]
    widest, highest = max(h for h, _ in factors), max(v for _, v in factors)
    if not widest or not highest:
        raise Damaged
    return sum(h * v for h, v in factors) / (widest * highest)


def _profile(headers: _Headers) -> bytes | None:
    parts = range(1, headers.profile_parts + 1)
    if not parts or any(part not in headers.profile for part in parts):
        return None
    return b"".join(headers.profile[part] for part in parts)
