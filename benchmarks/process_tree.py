"""What a server costs: CPU time and memory of its process and its descendants, and the cores it runs on."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import psutil

# A sample reads the page tables of every process of the tree.
SAMPLE_EVERY_S = 0.1
MB = 1_000_000
T = TypeVar("T")


@dataclass
class Peak:
    """The most memory at one moment in MB: of the whole tree (a shared page counts once), of one process."""

    tree_mb: float = 0.0
    process_mb: float = 0.0


class ProcessTree:
    """A process and its descendants, whichever there are at the moment."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)

    def cpu_s(self) -> float:
        """Seconds of CPU since the start; descendants that have ended and were waited for count as well."""
        # user, system, and both of the children that were waited for.
        return sum(sum(times[:4]) for times in self._each(lambda process: process.cpu_times()))

    @contextmanager
    def peak_memory(self) -> Iterator[Peak]:
        """Sample the tree until the block ends."""
        peak = Peak()
        done = threading.Event()

        def sample() -> None:
            while True:
                self._sample(peak)
                if done.wait(SAMPLE_EVERY_S):
                    return

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        try:
            yield peak
        finally:
            done.set()
            sampler.join()

    def _sample(self, peak: Peak) -> None:
        # Only Linux knows the proportional share (pss).
        shares = self._each(lambda process: getattr(full := process.memory_full_info(), "pss", full.uss))
        resident = self._each(lambda process: process.memory_info().rss)
        peak.tree_mb = max(peak.tree_mb, sum(shares) / MB)
        peak.process_mb = max(peak.process_mb, max(resident, default=0) / MB)

    def _each(self, read: Callable[[psutil.Process], T]) -> list[T]:
        found = []
        for process in (self._root, *self._root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                found.append(read(process))
        return found


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """Start processes on these cores only; has no effect without cores, or where the system cannot do it."""
    if not cores or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def split_cores() -> tuple[frozenset[int], frozenset[int]]:
    """Return one core for the server that is measured, and the others for everything else.

    Both are empty where there is one core, or where the system cannot bind processes to cores.
    """
    if not hasattr(os, "sched_getaffinity"):
        return frozenset(), frozenset()
    cores = sorted(os.sched_getaffinity(0))
    return (frozenset(cores[:1]), frozenset(cores[1:])) if len(cores) > 1 else (frozenset(), frozenset())
