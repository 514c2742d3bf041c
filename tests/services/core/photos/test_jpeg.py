from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.hostile_uploads import one_scan_per_component
from services.core.photos.jpeg import SEGMENTS, decodes_lightly

EXAMPLES = sorted((Path(__file__).parents[4] / "examples" / "photos").glob("*.jpg"))


def encoded(mode: str = "RGB", **options: object) -> bytes:
    out = BytesIO()
    Image.new(mode, (64, 48)).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_cameras_photo_decodes_lightly(path: Path) -> None:
    assert decodes_lightly(path.read_bytes())


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_one_scan_decodes_lightly(mode: str) -> None:
    assert decodes_lightly(encoded(mode))
    assert decodes_lightly(encoded(mode, exif=b"Exif\0\0", comment=b"words", icc_profile=bytes(100_000)))


def test_several_scans_do_not() -> None:
    assert not decodes_lightly(encoded(progressive=True))
    assert not decodes_lightly(one_scan_per_component(64, 48))


def test_thousands_of_headers_do_not() -> None:
    jpeg = encoded()
    assert not decodes_lightly(jpeg[:2] + b"\xff\xe5\0\2" * SEGMENTS + jpeg[2:])


@given(st.binary(max_size=60))
def test_any_bytes_are_told(content: bytes) -> None:
    assert decodes_lightly(b"\xff\xd8" + content) in (True, False)
