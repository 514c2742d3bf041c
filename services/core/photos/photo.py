"""From an upload's bytes to the two pictures that Vitrine works with.

One decode, upright, without any metadata: at most 768 px to keep, at most 384 px for the model (BLIP-2 sees
224). Nothing of the upload itself is stored.
"""

import hashlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import PIL
from PIL import Image

from services.core.domain.errors import InvalidInput, TooLarge, UnsupportedMedia
from services.core.photos import decode
from services.core.photos.jpeg import decodes_lightly

SEEN_PX = 384
JPEG_QUALITY = 85
# What may be decoded at reduced scale, and what needs all its pixels at once.
LIGHT_PIXELS, FULL_PIXELS = 50_000_000, 25_000_000
DECODE_TIMEOUT_S = 5.0
READABLE = "Send JPEG, PNG, WebP or HEIC"
logger = logging.getLogger(__name__)
_JPEG = b"\xff\xd8\xff"
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}


@dataclass(frozen=True)
class Photo:
    """One photo as JPEG bytes, twice: `kept` (≤ 768 px) for people, `seen` (≤ 384 px) for the model."""

    kept: bytes
    seen: bytes


def digest(photos: Iterable[bytes]) -> str:
    """What tells the same photos, in the same order, from others."""
    whole = hashlib.sha256()
    for photo in photos:
        whole.update(hashlib.sha256(photo).digest())
    return whole.hexdigest()


def prepare(upload: bytes, field: str) -> Photo:
    """Decode `upload` by its content, whatever its name, and re-encode what is kept and what is seen.

    Blocks; what is more than a plain JPEG is decoded in a process of its own. Raises UnsupportedMedia for
    what is no photo, TooLarge for too many pixels, InvalidInput for a broken one.
    """
    if not upload:
        raise InvalidInput(field, "is empty", READABLE)
    if not _begins_like_a_photo(upload):
        raise UnsupportedMedia(field, "is not a photo in a format that is read here", READABLE)
    if upload.startswith(_JPEG) and decodes_lightly(upload):
        kept = _here(upload, field) or _apart(upload, field, LIGHT_PIXELS)
    else:
        kept = _apart(upload, field, FULL_PIXELS)
    return Photo(kept=_encoded(kept), seen=_encoded(decode.fit(kept, SEEN_PX, reducing_gap=1.0)))


def model_jpeg_from_stored(kept: bytes) -> bytes:
    """What the model is shown of a photo of which only `kept` is left. Blocks."""
    with Image.open(BytesIO(kept), formats=("JPEG",)) as image:
        return _encoded(decode.fit(image, SEEN_PX, reducing_gap=1.0))


def _begins_like_a_photo(upload: bytes) -> bool:
    return (
        upload.startswith((_JPEG, b"\x89PNG\r\n"))
        or (upload[:4] == b"RIFF" and upload[8:12] == b"WEBP")
        or _is_heic(upload)
    )


def _is_heic(upload: bytes) -> bool:
    # The first box names the file's brands, 4 bytes each; AVIF comes in the same box.
    if upload[4:8] != b"ftyp":
        return False
    brands = upload[8 : min(int.from_bytes(upload[:4], "big"), 256)]
    return any(brands[at : at + 4] in _HEIC_BRANDS for at in range(0, len(brands), 4))


def _here(upload: bytes, field: str) -> Image.Image | None:
    # None for a photo with other colours than sRGB: the profile that says so is not parsed in this process.
    try:
        with Image.open(BytesIO(upload), formats=("JPEG",)) as image:
            if image.width * image.height > LIGHT_PIXELS:
                raise _too_large(field, image.width, image.height, LIGHT_PIXELS)
            return decode.shrink(image) if decode.is_srgb(image) else None
    except decode.BROKEN as error:
        raise _damaged(field) from error


def _apart(upload: bytes, field: str, most_pixels: int) -> Image.Image:
    # Some decoders crash on broken bytes, or need all pixels at once: here they may. The process gets none of
    # our variables, secrets least of all; only those by which Python finds its libraries, and a function's
    # packages, of which its interpreter knows nothing by itself.
    environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    environment["PYTHONPATH"] = str(Path(PIL.__path__[0]).parent)
    try:
        done = subprocess.run(  # noqa: S603 - our own program, by its path
            [sys.executable, "-P", "-s", decode.__file__, str(most_pixels)],
            input=upload,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=DECODE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidInput(field, "takes too long to decode", "Send it as a plain JPEG") from None
    if done.returncode == decode.TOO_MANY_PIXELS:
        width, height = map(int, done.stdout.split())
        raise _too_large(field, width, height, most_pixels)
    if done.returncode != 0:
        if done.returncode != decode.DAMAGED:
            logger.warning("a decoder ended by itself", extra={"exit_status": done.returncode})
        raise _damaged(field)
    return Image.open(BytesIO(done.stdout), formats=("PPM",))


def _too_large(field: str, width: int, height: int, limit: int) -> TooLarge:
    problem = f"has {width} × {height} pixels, over {limit // 1_000_000} million"
    return TooLarge(field, problem, "Send a smaller picture")


def _damaged(field: str) -> InvalidInput:
    return InvalidInput(field, "is cut short or damaged", "Send the whole file again")


def _encoded(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
