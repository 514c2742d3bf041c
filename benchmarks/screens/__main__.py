"""`python -m benchmarks.screens`: writes docs/screens, every screen of the running page, small and large.

The pictures are PNGs of few colours. Their reports are made by a demo user, whose shelf is emptied first.
"""

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import httpx2
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from benchmarks.browser import open_browser
from benchmarks.figures import say
from benchmarks.screens import scenes
from benchmarks.screens.scenes import TIMEOUT_MS, Desk
from local.home import REPOSITORY, Home
from local.supervisor import processes
from local.users import PASSWORD, email

FOLDER = REPOSITORY / "docs" / "screens"
PHOTOS = REPOSITORY / "examples" / "photos"
USER = email("screens")
SIZES = {"phone": (390, 844), "desk": (1280, 800)}
MOST_BYTES = 60_000
# Of size and number of colours, until a picture is small enough.
SAVINGS = ((1, 160), (0.8, 160), (0.65, 160), (0.65, 100), (0.5, 160), (0.5, 80))
# What is below is more of the same.
TALLEST = 1400
LONG_TITLE = "Blue ceramic vase with a dark band, 24 cm high, with one crack in front"


def main() -> None:
    """Write the pictures; exits with what is missing."""
    record = processes.records(Home.current()).get("page")
    if record is None:
        sys.exit("the local system does not run; `make up` starts it")
    url = f"http://127.0.0.1:{record.port}"
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with TemporaryDirectory(prefix="vitrine-screens-") as folder, open_browser() as browser:
        photos = _photos(Path(folder))
        reports: dict[str, dict[str, Any]] = {}
        for name, size in SIZES.items():
            with _visit(browser, url, size, "en", "light") as page:
                _keep(page, f"{name}-sign-in", whole=True)
                _sign_in(page)
                reports = reports or _reports(page, url, photos)
                desk = Desk(page, url, photos, **reports)
                for scene in scenes.SCREENS:
                    scene(desk)
                    _keep(page, f"{name}-{scene.__name__.replace('_', '-')}", whole=scene in scenes.WHOLE)
            with _visit(browser, url, size, "fr", "dark") as page:
                _sign_in(page)
                desk = Desk(page, url, photos, **reports)
                for scene in scenes.IN_FRENCH:
                    scene(desk)
                    _keep(
                        page,
                        f"{name}-{scene.__name__.replace('_', '-')}-fr-dark",
                        whole=scene in scenes.WHOLE,
                    )


@contextmanager
def _visit(
    browser: Browser, url: str, size: tuple[int, int], language: str, scheme: Literal["light", "dark"]
) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=f"{language}-CA",
        color_scheme=scheme,
        reduced_motion="reduce",
        has_touch=size[0] < 600,
    )
    context.set_default_timeout(TIMEOUT_MS)
    expect.set_options(timeout=TIMEOUT_MS)
    try:
        page = context.new_page()
        page.goto(url)
        page.locator("input[name=email]").fill(USER)
        page.locator("input[name=password]").fill(PASSWORD)
        yield page
    finally:
        context.close()


def _sign_in(page: Page) -> None:
    page.locator("form button[type=submit]").click()
    expect(page.locator("input[name=password]")).to_have_count(0)


def _photos(folder: Path) -> list[Path]:
    """Return eight photos of one thing: the whole of it, and parts from close up."""
    whole = Image.open(PHOTOS / "drawn-vase-crack.jpg")
    width, height = whole.size
    photos = []
    for number in range(8):
        part = 1 - 0.06 * number
        left, top = int((1 - part) * width / 2), int((1 - part) * height * (number % 3) / 2)
        photo = whole.crop((left, top, left + int(part * width), top + int(part * height)))
        photos.append(folder / f"{number + 1}.jpg")
        photo.save(photos[-1], quality=90)
    return photos


def _reports(page: Page, url: str, photos: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Empty the person's shelf and fill it; return the reports that scenes show."""
    token = page.evaluate("JSON.parse(localStorage.getItem('session')).access_token")
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=25"}
    with httpx2.Client(base_url=f"{url}/api", trust_env=False, timeout=60, headers=headers) as client:
        while found := client.get("/reports").raise_for_status().json()["reports"]:
            for report in found:
                client.delete(f"/reports/{report['id']}").raise_for_status()

        def report(*paths: Path) -> dict[str, Any]:
            say(f"a report of {len(paths)} photos")
            files = [("images", (path.name, path.read_bytes(), "image/jpeg")) for path in paths]
            answer = client.post("/analyze", files=files, data={"languages": "en,fr"})
            made: dict[str, Any] = answer.raise_for_status().json()
            return made

        for name in ("drawn-mug.jpg", "drawn-chair.jpg", "drawn-lamp.jpg", "drawn-bag.jpg"):
            report(PHOTOS / name)
        cat, long = report(PHOTOS / "real-cat.jpg"), report(*photos)
        changed = client.patch(f"/reports/{long['id']}", json={"title": LONG_TITLE}).raise_for_status().json()
    return {"long": changed, "cat": cat}


def _keep(page: Page, name: str, *, whole: bool) -> None:
    """Write a picture of the window, or of the whole page."""
    size = page.viewport_size
    assert size is not None
    if whole:
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": min(max(height, size["height"]), TALLEST)})
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    page.set_viewport_size(size)
    for scale, colours in SAVINGS:
        file = io.BytesIO()
        small = picture.resize((round(picture.width * scale), round(picture.height * scale)))
        _with_few(small, colours).save(file, "PNG", optimize=True)
        if len(file.getvalue()) <= MOST_BYTES:
            break
    (FOLDER / f"{name}.png").write_bytes(file.getvalue())
    say(f"{name}.png  {len(file.getvalue()) / 1000:.0f} KB: {scale:g} of the size, {colours} colours")


def _with_few(picture: Image.Image, colours: int) -> Image.Image:
    """Return a picture of few colours: half of them the most frequent ones, most of which are the page's."""
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    own = [value for _, value in counted[: colours // 2] if isinstance(value, tuple)]
    others = picture.quantize(colours - len(own)).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(part for value in own for part in value), *others])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
