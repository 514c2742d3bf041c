import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from services.core.errors import InvalidInput, TooLarge, UnsupportedMedia
from services.core.photo import KEPT_PX, SEEN_PX, prepare

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "photos").glob("*.jpg"))


def encoded(image: Image.Image, format_: str = "JPEG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(BytesIO(jpeg))
    assert image.format == "JPEG"
    return image


def halves(size: tuple[int, int] = (1600, 1200)) -> Image.Image:
    """Red above, blue below: which way is up can be told."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, size[1] // 2, *size))
    return image


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_becomes_two_small_jpegs(path: Path) -> None:
    photo = prepare(path.read_bytes(), "images[0]")
    assert max(opened(photo.kept).size) <= KEPT_PX
    assert max(opened(photo.seen).size) <= SEEN_PX


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_formats_are_told_by_content(format_: str) -> None:
    photo = prepare(encoded(halves(), format_), "images[0]")
    assert opened(photo.kept).size == (768, 576)
    assert opened(photo.seen).size == (384, 288)


def test_heic_is_read_upright_and_without_metadata() -> None:
    upload = (Path(__file__).parent / "data" / "mug.heic").read_bytes()
    assert b"SECRET" in upload
    kept = prepare(upload, "images[0]").kept
    assert b"SECRET" not in kept
    assert not opened(kept).getexif()
    assert opened(kept).size == (768, 576)


def test_a_small_photo_is_not_enlarged() -> None:
    assert opened(prepare(encoded(halves((64, 32))), "images[0]").kept).size == (64, 32)


@pytest.mark.parametrize(("orientation", "top"), [(1, "red"), (3, "blue")])
def test_a_photo_is_turned_upright(orientation: int, top: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    kept = opened(prepare(encoded(halves(), exif=exif), "images[0]").kept)
    red, _, blue = kept.getpixel((300, 50))  # type: ignore[misc]
    assert (red > blue) == (top == "red")


def test_a_sideways_photo_changes_its_proportions() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(prepare(encoded(halves(), exif=exif), "images[0]").kept).size == (576, 768)


def test_no_metadata_survives() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    exif.get_ifd(0x8825)[1] = "N"
    upload = encoded(halves(), exif=exif, comment=b"SECRETCOMMENT", xmp=b"SECRETXMP")
    assert upload.count(b"SECRET") == 3
    photo = prepare(upload, "images[0]")
    assert b"SECRET" not in photo.kept + photo.seen
    assert not opened(photo.kept).getexif()


def test_png_text_does_not_survive() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET")
    assert b"SECRET" not in prepare(encoded(halves(), "PNG", pnginfo=text), "images[0]").kept


def test_transparency_becomes_white() -> None:
    kept = opened(prepare(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"), "images[0]").kept)
    assert min(kept.getpixel((25, 25))) > 250  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_every_colour_mode_becomes_rgb(mode: str) -> None:
    format_ = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new(mode, (40, 30)) if mode == "I;16" else halves((40, 30)).convert(mode)
    assert opened(prepare(encoded(image, format_), "images[0]").kept).mode == "RGB"


def test_an_empty_file_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"images\[2\]: is empty"):
        prepare(b"", "images[2]")


@pytest.mark.parametrize(
    "upload",
    [
        b"just text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
    ],
)
def test_what_is_no_photo_is_unsupported(upload: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        prepare(upload, "images[0]")


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_photo_is_refused(format_: str) -> None:
    noise = Image.effect_noise((600, 400), 90).convert("RGB")
    upload = encoded(noise, format_)
    with pytest.raises(InvalidInput, match="cut short or damaged"):
        prepare(upload[: len(upload) // 2], "images[0]")


def test_a_bomb_is_refused_by_its_header_alone() -> None:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    with pytest.raises(TooLarge, match="30000 × 30000"):
        prepare(png, "images[0]")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_bytes_are_a_photo_or_a_clear_refusal(data: st.DataObject) -> None:
    format_ = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"]))
    upload = bytearray(encoded(halves((60, 40)), format_))
    for _ in range(data.draw(st.integers(0, 8))):
        upload[data.draw(st.integers(0, len(upload) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(upload)))
    try:
        photo = prepare(bytes(upload[:cut]), "images[0]")
    except InvalidInput:
        return
    assert max(opened(photo.kept).size) <= KEPT_PX
