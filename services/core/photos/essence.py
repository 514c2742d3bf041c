"""What of a photo's file decides how it looks; the rest is dropped before a decoder sees it.

Metadata makes up half of the formats' complexity, and none of it is kept: a photo is not refused for it, and
the decoders spend no time on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class Damaged(Exception):
    """The file is cut short or damaged: its picture cannot be decoded."""


class TooMuchWork(Exception):
    """Decoding the file takes more work than a photo may cause."""


@dataclass(frozen=True)
class Essence:
    """A file with the picture alone, in parts, and how to show it: by the orientation of EXIF, and a profile.

    Without an ICC profile the colours are sRGB. Decoding takes `pixel_bytes` of memory per pixel at most.
    `open_ended` is a file that lacks its end, so that the decoder cannot tell whether the picture is whole.
    """

    picture: Sequence[bytes | memoryview]
    kind: str
    pixel_bytes: float
    orientation: int = 1
    profile: bytes | None = None
    open_ended: bool = False
