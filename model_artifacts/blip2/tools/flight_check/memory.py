"""What a server's processes held at their most."""

import re
from pathlib import Path

import psutil

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak(pid: int) -> int:
    """Bytes of a process and of all that it started, each at its own peak.

    Where the system keeps no record of peaks (macOS), what they hold now.
    """
    first = psutil.Process(pid)
    return sum(_peak(one) for one in (first, *first.children(recursive=True)))


def _peak(process: psutil.Process) -> int:
    try:
        kept = _PEAK.search(Path(f"/proc/{process.pid}/status").read_text("ascii"))
    except OSError:
        kept = None
    return int(kept[1]) * 1024 if kept else int(process.memory_info().rss)
