import random
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat, PngImagePlugin

from benchmarks.hostile_uploads import HEIC as HEIC_FILE
from benchmarks.hostile_uploads import one_scan_per_component
from catalogue import SECOND_HAND, load
from services.core.domain.errors import InvalidInput, TooLarge, UnsupportedMedia
from services.core.domain.report import Flaw
from services.core.photos.photo import (
    MAX_PHOTOS,
    MODEL_PX,
    model_jpeg_from_stored,
    prepare,
)
from services.core.photos.resize import SMALL_PX
from services.core.vision.endpoint import request_body

HEIC = HEIC_FILE.read_bytes()
EXAMPLES = sorted((Path(__file__).parents[4] / "examples" / "photos").glob("*.jpg"))


def encoded(image: Image.Image, format_: str = "JPEG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(BytesIO(jpeg))
    assert image.format == "JPEG"
    return image


def halves(size: tuple[int, int] = (1600, 1200)) -> Image.Image:
    """Red above, blue below, so that the orientation shows."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, size[1] // 2, *size))
    return image


def red_is_green() -> bytes:
    """An RGB profile that is not sRGB: its red is sRGB's green, and the other way round."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for ours, theirs in ((b"rXYZ", b"????"), (b"gXYZ", b"rXYZ"), (b"????", b"gXYZ")):
        profile = profile.replace(ours, theirs)
    return profile.replace("sRGB".encode("utf-16-be"), "wRGB".encode("utf-16-be"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_becomes_two_jpegs(path: Path) -> None:
    photo = prepare(path.read_bytes(), "images[0]")
    assert max(opened(photo.stored_jpeg).size) <= SMALL_PX
    assert max(opened(photo.model_jpeg).size) <= MODEL_PX


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_large_photo_is_the_stored_one(path: Path) -> None:
    """And the same one when the photo is loaded again."""
    photo, plain = (
        prepare(path.read_bytes(), "images[0]", large=True),
        prepare(path.read_bytes(), "images[0]"),
    )
    assert photo.model_jpeg == photo.stored_jpeg == plain.stored_jpeg
    assert model_jpeg_from_stored(photo.stored_jpeg, large=True) == photo.model_jpeg
    assert photo.flaws == plain.flaws
    assert max(opened(model_jpeg_from_stored(photo.stored_jpeg)).size) <= MODEL_PX


def test_eight_noisy_photos_fit() -> None:
    """SageMaker takes 6,291,456 bytes; pixels that are on or off are what JPEG shrinks least."""
    pixels = bytes(255 * (byte & 1) for byte in random.Random(1).randbytes(3 * SMALL_PX**2))  # noqa: S311
    noise = encoded(Image.frombytes("RGB", (SMALL_PX, SMALL_PX), pixels), "PNG")
    photo = prepare(noise, "images[0]", large=True)
    assert opened(photo.model_jpeg).size == (SMALL_PX, SMALL_PX)
    assert len(photo.model_jpeg) > 500_000
    assert len(request_body([photo.model_jpeg] * MAX_PHOTOS, load(SECOND_HAND), 4)) <= 6_291_456


def test_photo_knows_its_size_and_flaws() -> None:
    photo = prepare(encoded(Image.new("RGB", (1200, 900), "black")), "images[0]")
    assert (photo.width, photo.height) == opened(photo.stored_jpeg).size
    assert photo.flaws == (Flaw.TOO_DARK,)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_format_is_detected_by_content(format_: str) -> None:
    photo = prepare(encoded(halves(), format_), "images[0]")
    assert opened(photo.stored_jpeg).size == (768, 576)
    assert opened(photo.model_jpeg).size == (384, 288)


def test_heic_is_upright_without_metadata() -> None:
    assert b"SECRET" in HEIC
    kept = prepare(HEIC, "images[0]").stored_jpeg
    assert b"SECRET" not in kept
    assert not opened(kept).getexif()
    assert opened(kept).size == (768, 576)


def test_small_photo_is_not_enlarged() -> None:
    assert opened(prepare(encoded(halves((64, 32))), "images[0]").stored_jpeg).size == (64, 32)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_is_turned_upright(format_: str, orientation: int) -> None:
    picture = halves((64, 32))
    picture.paste("green", (0, 0, 16, 32))
    exif = Image.Exif()
    exif[0x0112] = orientation
    upload = encoded(picture, format_, exif=exif, quality=100)
    kept = opened(prepare(upload, "images[0]").stored_jpeg)
    expected = ImageOps.exif_transpose(Image.open(BytesIO(upload))).convert("RGB")
    assert kept.size == expected.size
    assert max(ImageStat.Stat(ImageChops.difference(kept, expected)).mean) < 6


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0" + bytes(60), b"nonsense"]
)
def test_broken_exif_is_ignored(exif: bytes) -> None:
    assert opened(prepare(encoded(halves((64, 32)), exif=exif), "images[0]").stored_jpeg).size == (64, 32)


def test_metadata_is_removed() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    exif.get_ifd(0x8825)[1] = "N"
    upload = encoded(halves(), exif=exif, comment=b"SECRETCOMMENT", xmp=b"SECRETXMP")
    assert upload.count(b"SECRET") == 3
    photo = prepare(upload, "images[0]")
    assert b"SECRET" not in photo.stored_jpeg + photo.model_jpeg
    assert not opened(photo.stored_jpeg).getexif()


def test_png_text_is_removed() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET")
    assert b"SECRET" not in prepare(encoded(halves(), "PNG", pnginfo=text), "images[0]").stored_jpeg


def test_transparency_becomes_white() -> None:
    kept = opened(prepare(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"), "images[0]").stored_jpeg)
    assert min(kept.getpixel((25, 25))) > 250  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_colour_modes_become_rgb(mode: str) -> None:
    format_ = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new(mode, (40, 30)) if mode == "I;16" else halves((40, 30)).convert(mode)
    assert opened(prepare(encoded(image, format_), "images[0]").stored_jpeg).mode == "RGB"


def test_16_bit_grey_keeps_brightness() -> None:
    grey = prepare(encoded(Image.new("I;16", (40, 30), 0x8080), "PNG"), "images[0]").stored_jpeg
    assert opened(grey).getpixel((20, 15)) == pytest.approx((0x80,) * 3, abs=2)


def test_empty_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"images\[2\]: is empty"):
        prepare(b"", "images[2]")


@pytest.mark.parametrize(
    "upload",
    [
        b"just text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(40),
        b"RIFF\x24\0\0\0WAVEfmt ",
    ],
)
def test_other_formats_are_unsupported(upload: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        prepare(upload, "images[0]")


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_truncated_photo_is_refused(format_: str) -> None:
    noise = Image.effect_noise((600, 400), 90).convert("RGB")
    upload = encoded(noise, format_)
    with pytest.raises(InvalidInput, match="cut short or damaged"):
        prepare(upload[: len(upload) // 2], "images[0]")


def test_bomb_is_refused_by_header() -> None:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    with pytest.raises(TooLarge, match="30000 × 30000"):
        prepare(png, "images[0]")


@pytest.mark.parametrize(
    "upload", [encoded(halves((2400, 1800)), progressive=True), one_scan_per_component(2400, 1800)]
)
def test_jpeg_of_several_scans_is_read(upload: bytes) -> None:
    assert opened(prepare(upload, "images[0]").stored_jpeg).size == (768, 576)


def test_multi_picture_jpeg_is_read() -> None:
    upload = encoded(halves(), "MPO", save_all=True, append_images=[halves()])
    assert opened(prepare(upload, "images[0]").stored_jpeg).size == (768, 576)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_colours_become_srgb(format_: str) -> None:
    upload = encoded(Image.new("RGB", (40, 30), "red"), format_, icc_profile=red_is_green(), quality=95)
    red, green, _ = opened(prepare(upload, "images[0]").stored_jpeg).getpixel((20, 15))  # type: ignore[misc]
    assert red < 60
    assert green > 200


@pytest.mark.parametrize(
    "profile", [b"nonsense", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()]
)
def test_mismatched_profile_is_ignored(profile: bytes) -> None:
    upload = encoded(Image.new("RGB", (40, 30), "red"), icc_profile=profile)
    assert opened(prepare(upload, "images[0]").stored_jpeg).getpixel((20, 15)) == pytest.approx(
        (255, 0, 0), abs=3
    )


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.system
@pytest.mark.parametrize(
    "examples",
    [
        pytest.param(("JPEG", 100), id="JPEG"),
        pytest.param(("PNG", 30), id="PNG"),
        pytest.param(("WEBP", 30), id="WEBP"),
        pytest.param(("HEIC", 30), id="HEIC"),
    ],
)
def test_any_bytes_decode_or_are_refused(examples: tuple[str, int]) -> None:
    format_, count = examples

    @settings(max_examples=count)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        upload = bytearray(HEIC if format_ == "HEIC" else encoded(halves((60, 40)), format_, exif=_exif()))
        for _ in range(data.draw(st.integers(0, 8))):
            upload[data.draw(st.integers(0, len(upload) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(0, len(upload)))
        try:
            photo = prepare(bytes(upload[:cut]), "images[0]", with_colours=True)
        except InvalidInput:
            return
        assert max(opened(photo.stored_jpeg).size) <= SMALL_PX

    check()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    exif.get_ifd(0x8825)[1] = "N"
    return exif
