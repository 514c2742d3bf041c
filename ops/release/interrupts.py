"""How a release ends when it is told to: what was begun is undone, and not interrupted a second time."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Within it, SIGTERM ends the block as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Within it, a second Ctrl-C does not leave behind what the first one is deleting."""
    before = {one: signal.signal(one, _wait) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait(_signal: int, _frame: FrameType | None) -> None:
    sys.stderr.write("Deleting the canary first: it costs money.\n")
