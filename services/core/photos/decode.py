"""Decodes a photo of any format and shrinks it to at most SMALL_PX: upright, sRGB, on white.

Everything here works on hostile bytes, so it runs in the decoders' processes (`decoder`), never in a service.
"""

import random
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from io import BytesIO

import pi_heif
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from services.core.photos.colour import to_srgb
from services.core.photos.essence import Damaged, Essence
from services.core.photos.heic import reduce_heic
from services.core.photos.jpeg import END_OF_IMAGE, START, reduce_jpeg
from services.core.photos.png import SIGNATURE, reduce_png
from services.core.photos.profiles import cicp_profile
from services.core.photos.resize import SMALL_PX, fit, within
from services.core.photos.webp import reduce_webp

# What decoding a photo may take. All decoders may take up to LIGHT_BYTES at once, and one of them more.
MEMORY_BYTES, LIGHT_BYTES = 450_000_000, 120_000_000
# Plain JPEG takes next to no memory. Phones write up to 200 million pixels.
MOST_PIXELS = 250_000_000
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PNG_LEVELS_PER_LEVEL = 257
_STRIP = 256

# Pillow's own limit only warns at first; `decode` checks its own before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = None


class TooManyPixels(Exception):
    """A photo of `kind` has `size` pixels, more than `limit`."""

    def __init__(self, kind: str, size: tuple[int, int], limit: int) -> None:
        super().__init__(kind, size, limit)
        self.kind, self.size, self.limit = kind, size, limit


def decode(upload: bytes, before_heavy: Callable[[], None]) -> Image.Image:
    """Return a photo as RGB; calls `before_heavy` before it takes more than LIGHT_BYTES.

    Raises TooManyPixels before a pixel is decoded, and Damaged or any error of a decoder for a damaged file.
    """
    essence = _reduced(upload)
    del upload
    image = _opened(essence)
    width, height = image.size
    limit = min(MOST_PIXELS, int(MEMORY_BYTES / essence.pixel_bytes))
    if width * height > limit:
        raise TooManyPixels(essence.kind, (width, height), limit)
    if width * height * essence.pixel_bytes > LIGHT_BYTES:
        before_heavy()
    if essence.open_ended:
        _check_whole(essence)
    # A JPEG decodes straight to 1/2, 1/4 or 1/8; asked in the photo's own proportions, draft goes furthest.
    image.draft("RGB", within(image.size, SMALL_PX))
    image.load()
    profile = essence.profile or _profile_of_heic(image)
    small = to_srgb(_flat(image), profile)
    return small.transpose(_UPRIGHT[essence.orientation]) if essence.orientation in _UPRIGHT else small


def _reduced(upload: bytes) -> Essence:
    if upload.startswith(START):
        return reduce_jpeg(upload)
    if upload.startswith(SIGNATURE[:6]):
        return reduce_png(upload)
    return reduce_webp(upload) if upload.startswith(b"RIFF") else reduce_heic(upload)


def _opened(essence: Essence, ending: bytes = END_OF_IMAGE) -> Image.Image:
    # The plugins, not Image.open: its JPEG plugin would also read the index of further pictures.
    if essence.kind.startswith("JPEG"):
        return JpegImagePlugin.JpegImageFile(BytesIO(b"".join((*essence.picture, ending))))
    content = BytesIO(b"".join(essence.picture))
    match essence.kind:
        case "PNG":
            return PngImagePlugin.PngImageFile(content)
        case "WebP":
            return WebPImagePlugin.WebPImageFile(content)
    image: Image.Image = pi_heif.HeifImageFile(content)
    return image


def _flat(image: Image.Image) -> Image.Image:
    """The image shrunk, on white, as L, RGB or CMYK."""
    if image.mode.startswith("I"):
        # Of 16 bits, blocks of pixels cannot be averaged first.
        small = fit(image, SMALL_PX, reducing_gap=None).convert("I")
        return small.point(lambda level: level * (1 / _PNG_LEVELS_PER_LEVEL)).convert("L")
    if image.has_transparency_data:
        # Copies all pixels only if they cannot be averaged in their own mode.
        whole = image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
        small = fit(whole, SMALL_PX).convert("RGBA")
        flat = Image.new("RGB", small.size, "white")
        flat.paste(small, mask=small.getchannel("A"))
        return flat
    if image.mode in ("P", "1"):
        image = image.convert("RGB")
    small = fit(image, SMALL_PX)
    return small if small.mode in ("L", "RGB", "CMYK") else small.convert("RGB")


def _profile_of_heic(image: Image.Image) -> bytes | None:
    if profile := image.info.get("icc_profile"):
        return bytes(profile)
    points = image.info.get("nclx_profile")
    return cicp_profile(points["color_primaries"], points["transfer_characteristics"]) if points else None


def _check_whole(essence: Essence) -> None:
    """Raise Damaged if more than the end marker is missing: then what follows changes the picture."""
    if _fingerprint(essence, END_OF_IMAGE) != _fingerprint(essence, _noise() + END_OF_IMAGE):
        raise Damaged


def _fingerprint(essence: Essence, ending: bytes) -> bytes:
    image = _opened(essence, ending)
    if essence.kind == "JPEG":
        # Each block that is missing shows even at the smallest scale; a missing scan need not.
        image.draft("RGB", within(image.size, SMALL_PX))
    image.load()
    digest = sha256()
    for top in range(0, image.height, _STRIP):
        digest.update(image.crop((0, top, image.width, min(top + _STRIP, image.height))).tobytes())
    return digest.digest()


@cache
def _noise() -> bytes:
    # Bytes that a decoder takes for coded blocks, with the marks by which it finds its place again.
    source = random.Random(1)  # noqa: S311 - not a secret
    blocks = [source.randbytes(_STRIP).replace(b"\xff", b"\x5a") for _ in range(64)]
    return b"".join(block + bytes((0xFF, 0xD0 + number % 8)) for number, block in enumerate(blocks))
