"""From an upload's bytes to the two pictures that Vitrine works with.

One decode at reduced scale, upright, without any metadata: at most 768 px to keep, at most 384 px for the
model (BLIP-2 sees 224). Nothing of the upload itself is stored.
"""

import struct
from dataclasses import dataclass
from io import BytesIO

import pi_heif
from PIL import Image, ImageOps

from services.core.errors import InvalidInput, TooLarge, UnsupportedMedia

KEPT_PX = 768
SEEN_PX = 384
JPEG_QUALITY = 85
MAX_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
READABLE = "Send JPEG, PNG, WebP or HEIC"

pi_heif.register_heif_opener(thumbnails=False)
# Pillow's own limit warns before it refuses; MAX_PIXELS below is checked before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Photo:
    """One photo as JPEG bytes, twice: `kept` (≤ 768 px) for people, `seen` (≤ 384 px) for the model."""

    kept: bytes
    seen: bytes


def prepare(upload: bytes, field: str) -> Photo:
    """Decode `upload` by its content, whatever its name, and re-encode what is kept and what is seen.

    Raises UnsupportedMedia for what is no photo, TooLarge above MAX_PIXELS, InvalidInput for a broken one.
    """
    if not upload:
        raise InvalidInput(field, "is empty", READABLE)
    try:
        image = Image.open(BytesIO(upload), formats=FORMATS)
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        if _begins_like_a_photo(upload):
            raise _damaged(field) from error
        raise UnsupportedMedia(field, "is not a photo in a format that is read here", READABLE) from error
    with image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            problem = f"has {width} × {height} pixels, over {MAX_PIXELS // 1_000_000} million"
            raise TooLarge(field, problem, "Send a smaller picture")
        try:
            kept = _shrink(image)
        except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error) as error:
            raise _damaged(field) from error
    return Photo(kept=_jpeg(kept), seen=_jpeg(_fit(kept, SEEN_PX, reducing_gap=1.0)))


def _begins_like_a_photo(upload: bytes) -> bool:
    known = upload.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n")) or upload[8:12] == b"WEBP"
    return known or bool(pi_heif.is_supported(upload))


def _damaged(field: str) -> InvalidInput:
    return InvalidInput(field, "is cut short or damaged", "Send the whole file again")


def _shrink(image: Image.Image) -> Image.Image:
    # A JPEG decodes straight to 1/2, 1/4 or 1/8; asked in the photo's own proportions, draft goes furthest.
    image.draft("RGB", _within(image.size, KEPT_PX))
    image.load()
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        flat = Image.new("RGB", rgba.size, "white")
        flat.paste(rgba, mask=rgba.getchannel("A"))
        flat.info["exif"] = image.info.get("exif", b"")
        image = flat
    small = _fit(image if image.mode == "RGB" else image.convert("RGB"), KEPT_PX)
    upright = ImageOps.exif_transpose(small)
    # Pillow writes a picture's comment back by itself.
    upright.info.clear()
    return upright


def _fit(image: Image.Image, longest: int, reducing_gap: float = 2.0) -> Image.Image:
    # Making smaller, HAMMING is about as good as BICUBIC and costs half of LANCZOS. A gap of 1 averages whole
    # blocks of pixels as far as it can: enough for the model, which shrinks once more to 224.
    size = _within(image.size, longest)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=reducing_gap)


def _within(size: tuple[int, int], longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
