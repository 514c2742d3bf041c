"""The browser of tests and measurements: Chromium of the machine, driven by Playwright."""

import fcntl
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

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


def chromium() -> str:
    """Return the path of a Chrome or Chromium; installs Debian's where that needs no password.

    Raises FileNotFoundError with a remedy.
    """
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and _MAC.exists():
        return str(_MAC)
    if found is None and platform.system() == "Linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        found = _installed()
    if found is None:
        raise FileNotFoundError(_REMEDY)
    return found


def _installed() -> str | None:
    command = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"
    # Another process of the same tests may be installing it.
    with (Path(tempfile.gettempdir()) / "vitrine-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := shutil.which("chromium")) is None:
            subprocess.run(command, shell=True, check=False, capture_output=True, timeout=300)  # noqa: S602
            found = shutil.which("chromium")
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Open the browser; raises as `chromium`. While it is open, this process can run no other event loop."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_OPTIONS)
        yield browser
        browser.close()
