"""What is thrown away anyway refuses no photo and costs no time; a picture that is cut is refused."""

import logging
import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat, PngImagePlugin

from benchmarks.hostile_uploads import HEIC as HEIC_FILE
from services.core.domain.errors import InvalidInput
from services.core.photos.photo import prepare

EXAMPLE = (Path(__file__).parents[4] / "examples" / "photos" / "real-coffee-cup.jpg").read_bytes()
SOI = EXAMPLE[:2]


def picture() -> Image.Image:
    return Image.open(BytesIO(EXAMPLE)).convert("RGB")


def encoded(format_: str, **options: object) -> bytes:
    out = BytesIO()
    picture().save(out, format_, **options)
    return out.getvalue()


def assert_shows(upload: bytes) -> None:
    with Image.open(BytesIO(prepare(upload, "images[0]").stored_jpeg)) as shown:
        expected = picture().resize(shown.size)
        assert max(ImageStat.Stat(ImageChops.difference(shown.convert("RGB"), expected)).mean) < 6


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def chunk(kind: bytes, content: bytes, crc: int | None = None) -> bytes:
    checked = zlib.crc32(kind + content) if crc is None else crc
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checked)


def overlapping_exif(tags: int = 5000) -> bytes:
    """EXIF of many tags that all share one long value."""
    head = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, tags)
    entries = b"".join(struct.pack(">2H2I", 0x9000 + tag, 2, 50_000, 12) for tag in range(tags))
    return head + entries


JPEG_EXTRAS = {
    "broken EXIF": segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"),
    "overlapping tags": segment(0xE1, overlapping_exif()),
    "broken profile": segment(0xE2, b"ICC_PROFILE\0\1\2half of it"),
    "empty profile": segment(0xE2, b"ICC_PROFILE\0"),
    "broken index of pictures": segment(0xE2, b"MPF\0MM\0*\xff\xff\xff\xff"),
    "broken JFIF": segment(0xE0, b"JFIF\0"),
    "broken Photoshop data": segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\xff\xff\xff\xff"),
    "thousand comments": segment(0xFE, b"x") * 1000,
    "garbage between headers": segment(0xFE, b"") + b"\0\1\2\3",
    "filling": b"\xff" * 50,
    "marks without length": b"\xff\xd0\xff\x01\xff\xd7",
}


@pytest.mark.parametrize("extra", JPEG_EXTRAS.values(), ids=JPEG_EXTRAS)
def test_jpeg_extras_are_ignored(extra: bytes) -> None:
    assert_shows(SOI + extra + EXAMPLE[2:])


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 8}], ids=str)
@pytest.mark.parametrize("tail", [b"", b"\xff", b"\0" * 9, b"trailing words"])
def test_jpeg_without_end_is_read(options: dict[str, object], tail: bytes) -> None:
    assert_shows(encoded("JPEG", quality=90, **options).removesuffix(b"\xff\xd9") + tail)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 8}], ids=str)
@pytest.mark.parametrize("left", [0.2, 0.5, 0.9, 0.98])
def test_cut_jpeg_is_refused(options: dict[str, object], left: float) -> None:
    jpeg = encoded("JPEG", quality=90, **options)
    with pytest.raises(InvalidInput, match="cut short"):
        prepare(jpeg[: int(len(jpeg) * left)], "images[0]")


def test_cut_between_restarts_is_refused() -> None:
    jpeg = encoded("JPEG", quality=90, restart_marker_blocks=8)
    for last in (0xD0, 0xD3, 0xD7):
        with pytest.raises(InvalidInput, match="cut short"):
            prepare(jpeg[: jpeg.rindex(bytes((0xFF, last)))], "images[0]")


@pytest.mark.parametrize("tail", [b"\0" * 100, b"<xml/>", EXAMPLE, EXAMPLE[:500]])
def test_bytes_after_a_jpeg_are_ignored(tail: bytes) -> None:
    assert_shows(EXAMPLE + tail)


@cache
def zeros() -> bytes:
    """300 MB, compressed: takes more than a second."""
    return zlib.compress(bytes(300_000_000))


PNG_EXTRAS: dict[str, bytes | Callable[[], bytes]] = {
    "megabytes of text": chunk(b"iTXt", b"Comment\0\0\0\0\0" + b"x" * 2_500_000),
    "text that unpacks to 300 MB": lambda: chunk(b"zTXt", b"Comment\0\0" + zeros()),
    "wrong checksum": chunk(b"tEXt", b"Comment\0words", crc=1),
    "broken EXIF": chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff"),
    "broken profile": chunk(b"iCCP", b"name\0\0no zlib"),
    "profile that unpacks to 300 MB": lambda: chunk(b"iCCP", b"name\0\0" + zeros()),
    "empty resolution": chunk(b"pHYs", b""),
    "broken gamma": chunk(b"gAMA", b"\1"),
    "animation": chunk(b"acTL", struct.pack(">2I", 900, 0)),
    "unknown chunk": chunk(b"prVt", b"words"),
}


@pytest.mark.parametrize("extra", PNG_EXTRAS.values(), ids=PNG_EXTRAS)
def test_png_extras_are_ignored(extra: bytes | Callable[[], bytes]) -> None:
    png = encoded("PNG")
    assert_shows(png[:33] + (extra() if callable(extra) else extra) + png[33:])


@pytest.mark.parametrize("tail", [b"", b"\0\0\0\0IE", b"\0\0\0\x40tEXtcut"])
def test_png_without_end_is_read(tail: bytes) -> None:
    png = encoded("PNG")
    assert_shows(png[: png.rindex(b"IEND") - 4] + tail)


@pytest.mark.parametrize("left", [0.2, 0.5, 0.9, 0.99])
def test_cut_png_is_refused(left: float) -> None:
    png = encoded("PNG")
    with pytest.raises(InvalidInput, match="cut short"):
        prepare(png[: int(len(png) * left)], "images[0]")


def test_animated_png_shows_its_picture() -> None:
    other = Image.new("RGB", picture().size)
    assert_shows(encoded("PNG", save_all=True, default_image=True, append_images=[other, other]))


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*\xff"}], ids=str)
def test_webp_extras_are_ignored(options: dict[str, object]) -> None:
    webp = encoded("WEBP", quality=95, **options)
    body = webp[12:] + b"EXIF\x04\0\0\0junkXMP \xff\xff\xff\x7fcutABCD\2\0\0\0ab"
    for length in (0, 4, len(webp), 2**31):
        assert_shows(b"RIFF" + struct.pack("<I", length) + b"WEBP" + body)


@pytest.mark.parametrize("options", [{}, {"lossless": True}], ids=str)
@pytest.mark.parametrize("left", [0.2, 0.5, 0.9])
def test_cut_webp_is_refused(options: dict[str, object], left: float) -> None:
    webp = encoded("WEBP", quality=95, **options)
    with pytest.raises(InvalidInput, match="cut short"):
        prepare(webp[: int(len(webp) * left)], "images[0]")


def test_animated_webp_shows_its_first_picture() -> None:
    other = Image.new("RGB", picture().size)
    assert_shows(encoded("WEBP", quality=95, save_all=True, append_images=[other, other]))


@pytest.mark.parametrize(
    ("place", "value"), [(179, 188), (0x128B, 0xFF), (0x128B + 3, 0xFF)], ids=["length", "offset", "content"]
)
def test_heic_with_broken_exif_is_read(place: int, value: int) -> None:
    heic = bytearray(HEIC_FILE.read_bytes())
    heic[place] = value
    with Image.open(BytesIO(prepare(bytes(heic), "images[0]").stored_jpeg)) as shown:
        assert shown.size == (768, 576)


@pytest.mark.parametrize("left", [0.2, 0.5, 0.9])
def test_cut_heic_is_refused(left: float) -> None:
    heic = HEIC_FILE.read_bytes()
    with pytest.raises(InvalidInput, match="cut short"):
        prepare(heic[: int(len(heic) * left)], "images[0]")


def test_overlapping_tags_fill_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    prepare(SOI + segment(0xE1, overlapping_exif()) + EXAMPLE[2:], "images[0]")
    assert len(caplog.records) <= 1


def test_text_of_a_png_is_dropped() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Comment", "SECRET", zip=True)
    assert b"SECRET" not in prepare(encoded("PNG", pnginfo=text), "images[0]").stored_jpeg
