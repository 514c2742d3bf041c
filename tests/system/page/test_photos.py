"""Photos as phones and cameras give them."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from local.home import REPOSITORY
from tests.system.page.visit import PHOTOS, Visit

HEIC = REPOSITORY / "benchmarks" / "data" / "heic" / "cat.heic"
# Slow enough to see the bar move and to cut the line, on any machine; the whole photo takes 24 seconds.
BYTES_PER_SECOND = 1_000_000


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
    expect(one.page.get_by_text("This browser cannot show it. It is sent as it is.")).to_be_visible()
    assert not one.violations()
    one.send()
    one.wait_for_report()
    (report,) = one.reports()
    assert report["status"] == "succeeded"


def test_large_upload_is_cut_and_goes_on(visit: Callable[..., Visit], large: Path) -> None:
    one = visit(user="large")
    one.expected.append("net::ERR_INTERNET_DISCONNECTED")
    one.sign_in()
    one.choose(large)
    line = one.context.new_cdp_session(one.page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_PER_SECOND}
    line.send("Network.emulateNetworkConditions", slow)
    with one.page.expect_request(lambda request: request.url.startswith(one.system.address("emulator"))):
        one.send()
    progress = one.page.get_by_role("progressbar")
    seen = one.page.wait_for_function(
        "() => { const { value } = document.querySelector('progress') ?? {}; return value > 0.05 && value; }"
    )
    assert 0.05 < seen.json_value() < 1
    line.send("Network.emulateNetworkConditions", {**slow, "offline": True})
    submission = one.page.locator(".submission")
    expect(submission).to_contain_text("Kept here. It is sent when the network returns.")
    expect(progress).to_have_count(0)
    assert not one.violations()
    line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
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
    bodies: list[bytes | None] = []

    def note(route: Route) -> None:
        bodies.append(route.request.post_data_buffer)
        route.continue_()

    one.page.route("**/api/analyze", note)
    one.send()
    one.wait_for_report()
    (body,) = bodies
    assert body is not None
    sent = Image.open(io.BytesIO(body[body.index(b"\xff\xd8\xff") :]))
    assert sent.size == (1536, 2048)
    assert not sent.getexif()


def test_wrong_file_is_named_and_the_others_kept(visit: Callable[..., Visit], tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("no photo at all")
    one = visit(user="wrong-file")
    one.sign_in()
    one.page.locator("input[type=file][multiple]").set_input_files(
        [PHOTOS / "drawn-mug.jpg", tmp_path / "notes.jpg"]
    )
    expect(one.page.get_by_text("This is not a photo that can be read.")).to_be_visible()
    send = one.page.get_by_role("button", name="Make the report")
    expect(send).to_be_disabled()
    assert not one.violations()
    one.page.get_by_role("button", name="Move photo 2 forward").click()
    photos = one.page.locator(".draft-photo")
    expect(photos.first).to_contain_text("This is not a photo that can be read.")
    one.page.get_by_role("button", name="Remove photo 1").click()
    expect(photos).to_have_count(1)
    expect(send).to_be_enabled()
