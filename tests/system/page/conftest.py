"""A real browser on the page of the running system. Each visit fails on what a person would not see."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.system.page.visit import TIMEOUT_MS, Visit
from tests.system.running import System

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_REMEDY = (
    "Chromium is missing: install it ('sudo apt install chromium', 'brew install --cask chromium'), "
    "or name a Chrome or Chromium by the variable CHROMIUM"
)
# It must reach no other host, also not for its own updates.
_OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


def chromium() -> str | None:
    """Return the path of a Chrome or Chromium; installs Debian's where that needs no password."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and _MAC.exists():
        return str(_MAC)
    if found is None and platform.system() == "Linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        command = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"
        subprocess.run(command, shell=True, check=False, capture_output=True, timeout=300)  # noqa: S602
        found = shutil.which("chromium")
    return found


# Not of the session: while Playwright is open, no other test of this process can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of a file's visits."""
    path = chromium()
    if path is None:
        pytest.skip(_REMEDY)
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, system: System) -> Iterator[Callable[..., Visit]]:
    """Opens the page in a browser profile of its own; arguments as `Visit`'s."""
    with _visits(browser, system) as opens:
        yield opens


@pytest.fixture
def async_visit(browser: Browser, async_system: System) -> Iterator[Callable[..., Visit]]:
    """As `visit`, with the system in async mode."""
    with _visits(browser, async_system) as opens:
        yield opens


@contextmanager
def _visits(browser: Browser, system: System) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def open_page(**options: Any) -> Visit:
        visits.append(Visit(browser, system, **options))
        return visits[-1]

    try:
        yield open_page
    finally:
        for one in visits:
            one.close()
    offences = [offence for one in visits for offence in one.offences]
    assert not offences, "\n".join(offences)
