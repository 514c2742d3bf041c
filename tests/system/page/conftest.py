"""A real browser on the page of the running system."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from benchmarks.browser import open_browser
from tests.system.page.visit import Visit, visits
from tests.system.running import System


# Not of the session: tests of other files run event loops.
@pytest.fixture(scope="module")
def browser(needs_chromium: None) -> Iterator[Browser]:
    """The browser of a file's visits."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, system: System) -> Iterator[Callable[..., Visit]]:
    """Opens the page in a browser profile of its own; arguments as `Visit`'s."""
    with visits(browser, system) as opens:
        yield opens
