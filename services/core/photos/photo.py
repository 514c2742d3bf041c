"""From an upload's bytes to the two JPEGs that Vitrine works with.

One decode, upright, without metadata: at most 768 px to store, at most 384 px for the model (BLIP-2 reads 224
px), or the stored one if it looks nearer at parts of the photo. The upload itself is not stored.
"""

import hashlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from services.core.domain.colours import Colours
from services.core.domain.errors import Busy, InvalidInput, TooLarge, UnsupportedMedia
from services.core.domain.report import Flaw
from services.core.photos import named_colours, pool
from services.core.photos.heic import is_heic
from services.core.photos.quality import flaws
from services.core.photos.resize import fit

# The limits of one request.
MAX_PHOTOS, MAX_BODY_BYTES = 8, 10_000_000
MODEL_PX = 384
JPEG_QUALITY = 85
READABLE = "Send JPEG, PNG, WebP or HEIC"
# A decoder has ended by then, or was stopped from outside.
LONGEST_WAIT_S = 60.0
RETRY_AFTER_S = 5
decoders = pool.Decoders(os.cpu_count() or 1)


@dataclass(frozen=True)
class Photo:
    """One photo as JPEG bytes: ≤ 768 px (`width` × `height`) to store, and one for the model.

    `flaws` and `colours` are what its pixels show; without colours, they were not measured or do not show.
    """

    stored_jpeg: bytes
    model_jpeg: bytes
    width: int
    height: int
    flaws: tuple[Flaw, ...] = ()
    colours: Colours = ()


def digest(photos: Iterable[bytes]) -> str:
    """The digest of the photos in their order."""
    return combined_digest(map(photo_digest, photos))


def photo_digest(photo: bytes) -> bytes:
    """The digest of one photo, for `combined_digest`."""
    return hashlib.sha256(photo).digest()


def combined_digest(digests: Iterable[bytes]) -> str:
    """The digest of photos in their order, by the digest of each."""
    return hashlib.sha256(b"".join(digests)).hexdigest()


def prepare(
    upload: bytes,
    field: str,
    within_s: float = LONGEST_WAIT_S,
    *,
    large: bool = False,
    with_colours: bool = False,
) -> Photo:
    """Decode `upload` by its content, and encode both JPEGs; `field` is the one that errors name.

    `large` says that the model looks nearer at parts of the photo, and gets it in the size that is stored;
    `with_colours`, that the colours are measured, which a catalogue without colours does not need.
    Blocks; the upload is decoded in a process of its own. Raises UnsupportedMedia for another format,
    TooLarge for too many pixels, InvalidInput for a damaged photo, and Busy if it is not decoded within
    `within_s`.
    """
    if not upload:
        raise InvalidInput(field, "is empty", READABLE)
    if not _has_photo_signature(upload):
        raise UnsupportedMedia(field, "is not a photo in a format that is read here", READABLE)
    image = _decoded(upload, field, time.monotonic() + within_s)
    stored = _encoded(image)
    # The bounds of the flaws hold for this size, and those of the colours.
    small = fit(image, MODEL_PX, reducing_gap=1.0)
    model = stored if large else _encoded(small)
    colours = named_colours.measure(small) if with_colours else ()
    return Photo(stored, model, image.width, image.height, flaws(small), colours)


def model_jpeg_from_stored(stored_jpeg: bytes, *, large: bool = False) -> bytes:
    """The JPEG for the model, made from the stored one. Blocks."""
    if large:
        return stored_jpeg
    with Image.open(BytesIO(stored_jpeg), formats=("JPEG",)) as image:
        return _encoded(fit(image, MODEL_PX, reducing_gap=1.0))


def _decoded(upload: bytes, field: str, until: float) -> Image.Image:
    try:
        return decoders.decode(upload, until)
    except pool.TooManyPixels as error:
        width, height = error.size
        problem = f"has {width} × {height} pixels; a {error.kind} may have {error.limit // 1_000_000} million"
        raise TooLarge(field, problem, "Send a smaller picture, or a plain JPEG") from None
    except pool.NeedsTooMuchWork:
        raise InvalidInput(field, "takes too much work to decode", "Send it as a plain JPEG") from None
    except pool.Undecodable:
        raise InvalidInput(field, "is cut short or damaged", "Send the whole file again") from None
    except pool.Overloaded:
        raise Busy(RETRY_AFTER_S) from None


def _has_photo_signature(upload: bytes) -> bool:
    return (
        upload.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n"))
        or (upload[:4] == b"RIFF" and upload[8:12] == b"WEBP")
        or is_heic(upload)
    )


def _encoded(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
