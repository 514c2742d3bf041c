"""The memory of a process while something goes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

EVERY_S = 0.02


@dataclass
class Peak:
    """The largest resident set that was seen, in MB of 1,000,000 bytes."""

    mb: float


@contextmanager
def watched(pid: int) -> Iterator[Peak]:
    """Sample the process every 20 ms until the block ends."""
    process = psutil.Process(pid)
    peak = Peak(_resident_mb(process))
    done = threading.Event()

    def sample() -> None:
        while not done.wait(EVERY_S):
            peak.mb = max(peak.mb, _resident_mb(process))

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield peak
    finally:
        done.set()
        sampler.join()


def _resident_mb(process: psutil.Process) -> float:
    resident: int = process.memory_info().rss
    return resident / 1_000_000
