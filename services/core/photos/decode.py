"""Decodes a photo and shrinks it; as a program, in a separate process.

The program reads a photo of any format from standard input and writes it shrunk to standard output, as a PPM;
its argument is the number of pixels that the photo may have. A decoder that crashes, hangs or uses too much
memory ends only this process.
"""

import struct
import sys
from contextlib import suppress
from io import BytesIO
from typing import IO

from PIL import Image, ImageCms

SMALL_PX = 768
MEMORY_BYTES = 2**30
PNG_STEPS_PER_LEVEL = 257
DAMAGED, TOO_MANY_PIXELS = 3, 4
# Decoders raise these on damaged files.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
)
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow's own limit only warns at first; each caller checks its own before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = None


def shrink(image: Image.Image) -> Image.Image:
    """Return an opened photo as sRGB: at most SMALL_PX, upright, on white, no metadata. Raises BROKEN."""
    # A JPEG decodes straight to 1/2, 1/4 or 1/8; asked in the photo's own proportions, draft goes furthest.
    image.draft("RGB", within(image.size, SMALL_PX))
    image.load()
    orientation = _orientation(image)
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda level: level * (1 / PNG_STEPS_PER_LEVEL)).convert("L")
    if image.has_transparency_data:
        # Copies all pixels only if they cannot be averaged in their own mode.
        whole = image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
        small = fit(whole, SMALL_PX).convert("RGBA")
        flat = Image.new("RGB", small.size, "white")
        flat.paste(small, mask=small.getchannel("A"))
    else:
        whole = image.convert("RGB") if image.mode in ("P", "1") else image
        flat = fit(whole, SMALL_PX)
    flat = flat.convert("RGB") if is_srgb(image) else _to_srgb(flat, image.info["icc_profile"])
    upright = flat.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else flat
    # Pillow would write the comment into the new file.
    upright.info.clear()
    return upright


def is_srgb(image: Image.Image) -> bool:
    """Whether the photo is sRGB: its profile says so, or it has none."""
    profile = image.info.get("icc_profile")
    # A profile's name is ASCII or UTF-16.
    return not profile or b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, *BROKEN):
        # The profile does not fit the photo, so it tells nothing about its colours.
        return image.convert("RGB")
    return converted or image


def fit(image: Image.Image, longest: int, reducing_gap: float = 2.0) -> Image.Image:
    """Return the image at most `longest` px wide and high; never enlarged."""
    # For shrinking, HAMMING is about as good as BICUBIC and takes half of LANCZOS's time. A gap of 1 averages
    # whole blocks of pixels as far as possible: enough for the model, which shrinks once more to 224 px.
    size = within(image.size, longest)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=reducing_gap)


def within(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return the largest size of these proportions with no side over `longest`, nor over `size`."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image) -> int | None:
    # Reads this one tag: rewriting the whole EXIF, as exif_transpose does, fails for some cameras.
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        # The parser fails on damaged EXIF, which is no reason to refuse a photo.
        return None


def main(source: IO[bytes], target: IO[bytes], most_pixels: int) -> int:
    """Shrink the photo in `source` to a PPM in `target`, and return 0.

    Returns DAMAGED, or TOO_MANY_PIXELS with width and height as text in `target`, if it cannot.
    """
    import pi_heif

    pi_heif.register_heif_opener(thumbnails=False)
    try:
        image = Image.open(BytesIO(source.read()), formats=("JPEG", "PNG", "WEBP", "HEIF"))
        if image.width * image.height > most_pixels:
            target.write(f"{image.width} {image.height}".encode())
            return TOO_MANY_PIXELS
        shrink(image).save(target, "PPM")
    except BROKEN:
        return DAMAGED
    return 0


def _bound_memory() -> None:
    import resource

    # Some systems do not support this limit.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    _bound_memory()
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1])))
