"""Counts the calls of functions that a piece of work makes, which depend on no machine and its load."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

# A regular expression is one call, however long it backtracks. What is counted here takes 0.1 s at most, and
# a few times that on a slow machine, whose other processes do not count; a pattern that backtracks over a
# whole text takes minutes or more.
PROCESSOR_S = 4.0


def calls(work: Callable[[], object]) -> int:
    """Return how many functions `work` calls, those of the interpreter included.

    Raises AssertionError when it takes more than 4 s of the processor.
    """
    counted, before = 0, sys.getprofile()

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    def end(_signum: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"took more than {PROCESSOR_S:.0f} s of the processor, in {counted} calls")

    handled = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, PROCESSOR_S)
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handled)
    return counted
