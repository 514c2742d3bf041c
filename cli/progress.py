"""How far a long step is: a bar at a terminal, a line now and then elsewhere."""

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

_REMIND_S = 10.0


class Bytes:
    """Counts the bytes of one step. `advance` may be called by several threads."""

    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console, self._what, self._total, self._done = console, what, total, 0
        self._reminded = time.monotonic()
        self._lock = threading.Lock()
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> "Bytes":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def advance(self, count: int) -> None:
        """Add bytes that are done."""
        with self._lock:
            self._done += count
            self._bar.advance(self._task, count)
            now = time.monotonic()
            if not self._console.is_terminal and now - self._reminded >= _REMIND_S:
                self._reminded = now
                self._console.print(f"  {self._what}: {self._done / self._total:.0%}")
