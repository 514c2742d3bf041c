"""From an upload's bytes to the two JPEGs that Vitrine works with.

One decode, upright, without metadata: at most 768 px to store, at most 384 px for the model (BLIP-2 reads 224
px). The upload itself is not stored.
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
from services.core.domain.report import Flaw
from services.core.photos import decode
from services.core.photos.quality import flaws

# The limits of one request.
MAX_PHOTOS, MAX_BODY_BYTES = 8, 10_000_000
MODEL_PX = 384
JPEG_QUALITY = 85
# The pixel limits of a photo that decodes at reduced scale, and of one that decodes whole.
LIGHT_PIXELS, FULL_PIXELS = 50_000_000, 25_000_000
DECODE_TIMEOUT_S = 5.0
SEGMENTS = 500
READABLE = "Send JPEG, PNG, WebP or HEIC"
logger = logging.getLogger(__name__)
_START_OF_SCAN = 0xDA
# Sequential, Huffman-coded frames; the others keep coefficients or are rare.
_SEQUENTIAL = (0xC0, 0xC1)
_JPEG = b"\xff\xd8\xff"
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}


@dataclass(frozen=True)
class Photo:
    """One photo as JPEG bytes: ≤ 768 px (`width` × `height`) to store, ≤ 384 px for the model; its flaws."""

    stored_jpeg: bytes
    model_jpeg: bytes
    width: int
    height: int
    flaws: tuple[Flaw, ...] = ()


def digest(photos: Iterable[bytes]) -> str:
    """The digest of the photos in their order."""
    whole = hashlib.sha256()
    for photo in photos:
        whole.update(hashlib.sha256(photo).digest())
    return whole.hexdigest()


def prepare(upload: bytes, field: str) -> Photo:
    """Decode `upload` by its content, and encode both JPEGs; `field` is the one that errors name.

    Blocks; all but plain JPEGs are decoded in a separate process. Raises UnsupportedMedia for another format,
    TooLarge for too many pixels, InvalidInput for a damaged photo.
    """
    if not upload:
        raise InvalidInput(field, "is empty", READABLE)
    if not _has_photo_signature(upload):
        raise UnsupportedMedia(field, "is not a photo in a format that is read here", READABLE)
    if upload.startswith(_JPEG) and is_light_jpeg(upload):
        image = _decode_here(upload, field) or _decode_apart(upload, field, LIGHT_PIXELS)
    else:
        image = _decode_apart(upload, field, FULL_PIXELS)
    small = decode.fit(image, MODEL_PX, reducing_gap=1.0)
    return Photo(_encoded(image), _encoded(small), image.width, image.height, flaws(small))


def model_jpeg_from_stored(stored_jpeg: bytes) -> bytes:
    """The JPEG for the model, made from the stored one. Blocks."""
    with Image.open(BytesIO(stored_jpeg), formats=("JPEG",)) as image:
        return _encoded(decode.fit(image, MODEL_PX, reducing_gap=1.0))


def is_light_jpeg(upload: bytes) -> bool:
    """Whether a JPEG decodes at reduced scale in little memory and bounded time: one scan for all colours.

    A progressive file has many scans: its decoder keeps every coefficient and reads them once for each scan.
    A file with more than SEGMENTS headers is not light, since reading them takes time as well.
    """
    at, components = 2, None
    for _ in range(SEGMENTS):
        while upload[at : at + 2] == b"\xff\xff":
            at += 1
        marker, length = upload[at : at + 2], int.from_bytes(upload[at + 2 : at + 4], "big")
        if len(marker) < 2 or marker[0] != 0xFF or length < 2:
            return False
        content = upload[at + 4 : at + 2 + length]
        if marker[1] == _START_OF_SCAN:
            return components is not None and content[:1] == components
        if marker[1] in _SEQUENTIAL:
            components = content[5:6]
        at += 2 + length
    return False


def _has_photo_signature(upload: bytes) -> bool:
    return (
        upload.startswith((_JPEG, b"\x89PNG\r\n"))
        or (upload[:4] == b"RIFF" and upload[8:12] == b"WEBP")
        or _is_heic(upload)
    )


def _is_heic(upload: bytes) -> bool:
    # The first box lists the file's brands, 4 bytes each; AVIF uses the same box.
    if upload[4:8] != b"ftyp":
        return False
    brands = upload[8 : min(int.from_bytes(upload[:4], "big"), 256)]
    return any(brands[at : at + 4] in _HEIC_BRANDS for at in range(0, len(brands), 4))


def _decode_here(upload: bytes, field: str) -> Image.Image | None:
    # None for another colour space than sRGB: its profile must not be parsed in this process.
    try:
        with Image.open(BytesIO(upload), formats=("JPEG",)) as image:
            if image.width * image.height > LIGHT_PIXELS:
                raise _too_large(field, image.width, image.height, LIGHT_PIXELS)
            return decode.shrink(image) if decode.is_srgb(image) else None
    except decode.BROKEN as error:
        raise _damaged(field) from error


def _decode_apart(upload: bytes, field: str, most_pixels: int) -> Image.Image:
    # Some decoders crash on damaged files, or need all pixels at once: in this process they may. It gets none
    # of our variables, and so no secrets: only those by which Python finds its libraries, and the packages of
    # a Lambda function, which are outside the interpreter's own path.
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
            logger.warning("decoder crashed", extra={"exit_status": done.returncode})
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
