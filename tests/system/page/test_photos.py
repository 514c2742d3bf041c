"""Photos as phones and cameras give them."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from local.home import REPOSITORY
from tests.system.page.visit import PHOTOS, Visit

HEIC = REPOSITORY / "benchmarks" / "data" / "heic" / "cat.heic"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 24 to 25 MB that no browser decodes, so it goes as it is: a HEIC with bytes after its end."""
    path = tmp_path_factory.mktemp("large") / "large.heic"
    content = HEIC.read_bytes()
    filler = random.Random(1).randbytes(24_500_000 - len(content) - 8)  # noqa: S311 - no secret
    # A free box, which the format allows at the end.
    path.write_bytes(content + (len(filler) + 8).to_bytes(4, "big") + b"free" + filler)
    return path


def test_heic_goes_as_it_is(visit: Callable[..., Visit]) -> None:
    one = visit(user="heic")
    one.sign_in()
    one.choose(HEIC)
    one.send()
    one.wait_for_report()
    (report,) = one.reports()
    assert report["status"] == "succeeded"


def test_large_photo_is_uploaded_to_the_bucket(visit: Callable[..., Visit], large: Path) -> None:
    one = visit(user="large")
    one.sign_in()
    one.choose(large)
    with one.page.expect_request(lambda request: request.url.startswith(one.system.address("emulator"))):
        one.send()
    one.wait_for_report()
    assert len(one.reports()) == 1


def test_sent_photo_is_small_turned_and_without_place(visit: Callable[..., Visit], tmp_path: Path) -> None:
    photo = Image.open(PHOTOS / "drawn-mug.jpg").resize((4000, 3000))
    exif = photo.getexif()
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    photo.save(tmp_path / "phone.jpg", exif=exif, quality=95)
    one = visit(user="phone")
    one.sign_in()
    one.choose(tmp_path / "phone.jpg")
    with one.page.expect_request("**/api/analyze") as asked:
        one.send()
    body = asked.value.post_data_buffer
    assert body is not None
    sent = Image.open(io.BytesIO(body[body.index(b"\xff\xd8\xff") :]))
    assert sent.size == (1536, 2048)
    assert not sent.getexif()
    one.wait_for_report()
