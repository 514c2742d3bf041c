"""The photos that are mutated: real and drawn ones, in the variants that phones and programs write."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageCms, PngImagePlugin

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "examples" / "photos"
HEICS = (
    ROOT / "benchmarks" / "data" / "mug.heic",
    *sorted((ROOT / "benchmarks" / "data" / "heic").glob("*.heic")),
)
# Small, so that many mutations fit into an hour; large enough for several rows of blocks.
LONGEST_PX = 200


@dataclass(frozen=True)
class Seed:
    """One photo: its format and its bytes."""

    format: str
    content: bytes


def seeds(photos: Path = PHOTOS) -> list[Seed]:
    """Return 100 and more photos of six formats: HEICs, and variants of those in the folder `photos`."""
    found = [Seed("HEIC", path.read_bytes()) for path in HEICS]
    for path in sorted(path for path in photos.iterdir() if path.suffix in (".jpg", ".png")):
        with Image.open(path) as image:
            small = image.convert("RGB")
        small.thumbnail((LONGEST_PX, LONGEST_PX))
        found += _variants(small)
    return found


def _variants(image: Image.Image) -> Iterator[Seed]:
    exif, srgb = _exif(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = image.transpose(Image.Transpose.ROTATE_180)
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Comment", "words" * 50, zip=True)
    yield Seed("JPEG", _encoded(image, "JPEG", exif=exif, icc_profile=srgb))
    yield Seed("JPEG", _encoded(image, "JPEG", restart_marker_blocks=4, comment=b"words"))
    yield Seed("JPEG", _encoded(image.convert("CMYK"), "JPEG", subsampling=0))
    yield Seed("progressive JPEG", _encoded(image, "JPEG", progressive=True, exif=exif))
    yield Seed("progressive JPEG", _encoded(image.convert("L"), "JPEG", progressive=True))
    yield Seed("MPO", _encoded(image, "MPO", save_all=True, append_images=[turned]))
    yield Seed("PNG", _encoded(image, "PNG", exif=exif, icc_profile=srgb, pnginfo=text))
    yield Seed("PNG", _encoded(image.convert("P", palette=Image.Palette.ADAPTIVE), "PNG", transparency=3))
    yield Seed("PNG", _encoded(image.convert("L").convert("I;16"), "PNG"))
    yield Seed("WebP", _encoded(image, "WEBP", exif=exif, icc_profile=srgb))
    yield Seed("WebP", _encoded(image.convert("RGBA"), "WEBP", lossless=True))
    yield Seed("WebP", _encoded(image, "WEBP", save_all=True, append_images=[turned]))


def _encoded(image: Image.Image, format_: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8825)[1] = "N"
    return exif
