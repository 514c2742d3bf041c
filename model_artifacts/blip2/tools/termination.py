"""How a command ends that is told to: what it started and unpacked goes with it."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextmanager
def terminable() -> Iterator[None]:
    """Within it, SIGTERM and a closed terminal end the block as Ctrl-C does, where nobody else minds them."""
    main = threading.current_thread() is threading.main_thread()  # no other may ask for signals
    ours = [
        one for one in (signal.SIGTERM, signal.SIGHUP) if main and signal.getsignal(one) is signal.SIG_DFL
    ]
    for one in ours:
        signal.signal(one, _interrupt)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, signal.SIG_DFL)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
