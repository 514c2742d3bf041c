"""Converts a photo's colours to sRGB, as its profile defines them.

Whether a profile is sRGB is judged by what it does to colours. Its name proves nothing: "DCI-P3 D65 Gamut
with sRGB Transfer" is not sRGB.
"""

from functools import lru_cache
from io import BytesIO
from itertools import product

from PIL import Image, ImageCms

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# Profiles of sRGB differ by rounding: their curves are tables, or a formula.
_TOLERANCE = 2
_LEVELS = (0, 16, 40, 80, 128, 176, 220, 255)
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return an image of mode L, RGB or CMYK in RGB; ignores a profile that is damaged or does not fit."""
    mode, transform = _transform(profile) if profile else ("RGB", None)
    if mode == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    if transform is None or image.mode != mode:
        return image.convert("RGB")
    return ImageCms.applyTransform(image, transform) or image


@lru_cache(maxsize=8)
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """The mode of the images that the profile describes, and how they become sRGB; None if as they are."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = _MODES.get(source.profile.xcolor_space, "")
        if not mode:
            return "RGB", None
        intent = ImageCms.Intent.PERCEPTUAL
        transform = ImageCms.buildTransform(source, _SRGB, mode, "RGB", renderingIntent=intent)
        return mode, None if mode == "RGB" and _changes_nothing(transform) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, LookupError):
        return "RGB", None


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    colours = bytes(level for colour in product(_LEVELS, repeat=3) for level in colour)
    image = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
    converted = (ImageCms.applyTransform(image, transform) or image).tobytes()
    return all(abs(a - b) <= _TOLERANCE for a, b in zip(colours, converted, strict=True))
