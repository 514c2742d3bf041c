"""What holds for all tests."""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.log_lines import LinesOfTests

# A shell's background job ignores SIGINT, and its children inherit that: tests of interruption would hang.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A proxy in the shell must not stand between a test and this machine. Child processes inherit it.
own = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(filter(None, (own, "127.0.0.1", "localhost")))

# Torch's threads would wait for each other in loops: other tests have the cores. Child processes inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Tests share their cores: how long an example takes says nothing about the code. Each run tries others.
settings.register_profile("vitrine", deadline=None, max_examples=50)
settings.load_profile("vitrine")

# Looking for cycles among all that the tests import takes a sixth of their time.
gc.set_threshold(100_000, 50, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files with slow tests first: one that began last would leave the other cores idle."""
    slow = {item.path for item in items if item.get_closest_marker("system")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Have the collector leave out what is imported by now: it stays."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def _lines_of_tests() -> Iterator[LinesOfTests]:
    # On the services' own logger: `configure_logging` replaces the handlers of the root.
    lines, services = LinesOfTests(), logging.getLogger("services")
    services.addHandler(lines)
    services.setLevel(logging.INFO)
    yield lines
    services.removeHandler(lines)


@pytest.fixture(autouse=True)
def _log_lines_are_valid(_lines_of_tests: LinesOfTests) -> Iterator[None]:
    """Fail a test in whose process a service logs a line that its schema does not allow."""
    _lines_of_tests.lines.clear()
    _lines_of_tests.wrong.clear()
    yield
    assert not _lines_of_tests.wrong, "\n".join(_lines_of_tests.wrong)


@pytest.fixture(autouse=True)
def _hooks_of_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what `configure_logging` sets: pytest's own hook finds errors of threads."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)


@pytest.fixture
def log_lines(_lines_of_tests: LinesOfTests) -> list[str]:
    """What the services have logged in this process since the test began, one JSON text a line."""
    return _lines_of_tests.lines
