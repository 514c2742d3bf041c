"""The planner's page in a browser: small and large, light and dark, on a screen and on paper.

The page has every room's answer, for the made list of users.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page

from benchmarks.browser import open_browser
from planning.__main__ import commands
from planning.page.page import page as page_of
from tests.planning.page.plans import plan
from tests.system.page.visit import Scheme, violations

MOST_BYTES = 300 * 1024
# Texts that the browser's font makes leave their drawing.
_TEXTS_OUTSIDE = """() => {
  const drawings = [...document.querySelectorAll("svg")].filter((svg) => svg.checkVisibility());
  const isOutside = (one, frame) => one.left < frame.left - 1 || one.right > frame.right + 1
    || one.top < frame.top - 1 || one.bottom > frame.bottom + 1;
  return drawings.flatMap((svg) => [...svg.querySelectorAll("text")]
    .filter((text) => isOutside(text.getBoundingClientRect(), svg.getBoundingClientRect()))
    .map((text) => text.textContent));
}"""
_SMALLEST_TEXT_PX = """() => {
  const drawings = [...document.querySelectorAll("svg")].filter((svg) => svg.checkVisibility());
  const scale = (svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return 12 * Math.min(...drawings.map(scale));
}"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as the command writes it without a list."""
    path = tmp_path_factory.mktemp("plan") / "plan.html"
    done = CliRunner().invoke(commands, ["page", "--env", "prod", "--out", str(path)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with all that a chart and a table can have."""
    path = tmp_path_factory.mktemp("plan") / "made.html"
    path.write_text(page_of(plan(warning="The users are made up.")), "utf-8")
    return path


@pytest.fixture(scope="module")
def browser(needs_chromium: None, file: Path, made: Path) -> Iterator[Browser]:
    """The browser, opened after the pages are written."""
    with open_browser() as browser:
        yield browser


def open_page(browser: Browser, file: Path, width: int, scheme: Scheme, asked: list[str]) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(f"console: {message.text}"))
    page.goto(file.as_uri())
    return page


def test_page_is_small(file: Path) -> None:
    assert file.stat().st_size <= MOST_BYTES


# In each, axe reads the colours of the other scheme too.
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_page_is_accessible_and_asks_for_nothing(
    browser: Browser, file: Path, width: int, scheme: Scheme
) -> None:
    asked: list[str] = []
    page = open_page(browser, file, width, scheme, asked)
    for summary in page.locator("summary").all():
        summary.click()
    assert not violations(page, scheme)
    assert asked == [file.as_uri()]
    page.context.close()


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
def test_charts_are_readable(browser: Browser, file: Path, made: Path, width: int) -> None:
    for one in (file, made):
        page = open_page(browser, one, width, "light", [])
        assert page.evaluate(_TEXTS_OUTSIDE) == []
        # A window of 320 px, the smallest that WCAG names, makes the narrow drawing smaller.
        assert page.evaluate(_SMALLEST_TEXT_PX) >= (9 if width == 320 else 11)
        page.context.close()


def test_answers_lead_to_their_sections(browser: Browser, file: Path) -> None:
    page = open_page(browser, file, 390, "light", [])
    for link in page.locator("nav a").all():
        link.click()
        target = page.locator(f"section{link.get_attribute('href')}")
        assert target.locator("h2").inner_text() == link.inner_text()
    page.context.close()


def test_paper_has_the_notes_and_dark_ink(browser: Browser, made: Path) -> None:
    page = open_page(browser, made, 1280, "dark", [])
    page.emulate_media(media="print")
    note = page.locator(".notes li").first
    assert note.evaluate("one => one.getBoundingClientRect().height") > 0
    assert note.evaluate("one => one.checkVisibility({ contentVisibilityAuto: true })")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 27, 23)"
    page.context.close()
