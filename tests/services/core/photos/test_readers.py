"""The readers that reduce a file to its picture read what the decoders would read, of any bytes."""

import struct
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.hostile_uploads import one_scan_per_component, scans_behind_a_mark
from services.core.photos.essence import Damaged, Essence, TooMuchWork
from services.core.photos.exif import TAGS, Exif, read_exif
from services.core.photos.heic import reduce_heic
from services.core.photos.jpeg import HEADERS, reduce_jpeg
from services.core.photos.png import reduce_png
from services.core.photos.webp import reduce_webp

READERS = {
    "JPEG": (b"\xff\xd8\xff", reduce_jpeg),
    "PNG": (b"\x89PNG\r\n\x1a\n", reduce_png),
    "WebP": (b"RIFF\0\0\0\0WEBP", reduce_webp),
    "HEIC": (b"\0\0\0\x18ftypheic", reduce_heic),
}


def encoded(format_: str = "JPEG", **options: object) -> bytes:
    out = BytesIO()
    Image.effect_noise((64, 48), 50).convert("RGB").save(out, format_, **options)
    return out.getvalue()


@pytest.mark.parametrize(("start", "reduce"), READERS.values(), ids=READERS)
@given(st.data())
def test_any_bytes_are_read_or_damaged(
    start: bytes, reduce: Callable[[bytes], Essence], data: st.DataObject
) -> None:
    parts = st.one_of(
        st.binary(max_size=20), st.sampled_from([b"\xff\xda", b"IDAT", b"VP8 ", b"meta", b"iref"])
    )
    with suppress(Damaged, TooMuchWork):
        reduce(start + b"".join(data.draw(st.lists(parts, max_size=12))))


def test_one_scan_takes_little_memory() -> None:
    plain, restarted = reduce_jpeg(encoded()), reduce_jpeg(encoded(restart_marker_blocks=2))
    assert plain.kind == restarted.kind == "JPEG"
    assert plain.pixel_bytes < 1
    for several in (encoded(progressive=True), one_scan_per_component(64, 48)):
        assert reduce_jpeg(several).kind == "JPEG of several scans"


def test_mark_without_length_hides_no_frame() -> None:
    assert reduce_jpeg(scans_behind_a_mark(scans=5)).kind == "JPEG of several scans"


def test_thousands_of_scans_are_too_much_work() -> None:
    with pytest.raises(TooMuchWork):
        reduce_jpeg(scans_behind_a_mark())


JPEG = encoded()
FRAME = JPEG.index(b"\xff\xc0")
SCAN = JPEG.index(b"\xff\xda")


@pytest.mark.parametrize(
    "upload",
    [
        JPEG[:2] + JPEG,
        JPEG[:FRAME] + JPEG[FRAME : FRAME + 19] + JPEG[FRAME:],
        JPEG[:FRAME] + JPEG[FRAME + 19 :],
        JPEG[:SCAN],
        JPEG[:SCAN] + b"\xff\xd9",
        JPEG[:FRAME] + b"\xff\xc3" + JPEG[FRAME + 2 :],
        JPEG[:SCAN] + b"\xff\xfe\0\1" + JPEG[SCAN:],
        JPEG[:2] + b"\xff\xe5\0\2" * HEADERS + JPEG[2:],
    ],
    ids=[
        "two starts",
        "two frames",
        "no frame",
        "no scan",
        "empty",
        "lossless",
        "length of 1",
        "many headers",
    ],
)
def test_unreadable_headers_are_damaged(upload: bytes) -> None:
    with pytest.raises(Damaged):
        reduce_jpeg(upload)


def test_metadata_never_reaches_the_decoder() -> None:
    for format_, reduce in (("JPEG", reduce_jpeg), ("PNG", reduce_png), ("WEBP", reduce_webp)):
        upload = encoded(format_, exif=b"Exif\0\0MM\0*SECRET", xmp=b"SECRET", comment=b"SECRET")
        assert b"SECRET" in upload
        assert b"SECRET" not in b"".join(reduce(upload).picture)


def tiff(order: str, *tags: tuple[int, int, int, bytes]) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = b"".join(struct.pack(order + "HHL", *tag[:3]) + tag[3] for tag in tags)
    return mark + struct.pack(order + "LH", 8, len(tags)) + entries


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_orientation_is_read(order: str, prefix: bytes) -> None:
    entry = (0x0112, 3, 1, struct.pack(order + "HH", 6, 0))
    assert read_exif(prefix + tiff(order, entry)) == Exif(6)


@pytest.mark.parametrize(
    "entry",
    [
        (0x0112, 3, 1, struct.pack(">HH", 9, 0)),
        (0x0112, 3, 2, struct.pack(">HH", 6, 0)),
        (0x0112, 2, 1, struct.pack(">HH", 6, 0)),
        (0x8769, 4, 1, struct.pack(">L", 8)),
        (0x8769, 4, 1, struct.pack(">L", 0xFFFFFFFF)),
    ],
    ids=["9", "two", "text", "points to itself", "points outside"],
)
def test_odd_tags_count_as_absent(entry: tuple[int, int, int, bytes]) -> None:
    assert read_exif(tiff(">", entry)) == Exif()


def test_tags_behind_many_are_not_read() -> None:
    orientation = (0x0112, 3, 1, struct.pack(">HH", 6, 0))
    read, unread = ([(0x9000, 2, 50_000, b"\0\0\0\x0c")] * before for before in (100, TAGS))
    assert read_exif(tiff(">", *read, orientation)) == Exif(6)
    assert read_exif(tiff(">", *unread, orientation)) == Exif()


@given(st.binary(max_size=200))
def test_any_exif_is_read(content: bytes) -> None:
    assert 1 <= read_exif(b"MM\0*" + content).orientation <= 8
