"""Progress of steps that run beside each other: a live list at a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import Task

_WIDTH = 18
_REMIND_S = 10.0


class Steps:
    """Steps by name, each with what it does, its time and, where it has a total, its percentage.

    Without a console it prints to standard error, so that standard output stays free for results. `advance`
    may be called by several threads.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._live = Progress(
            SpinnerColumn(),
            TextColumn(f"{{task.fields[step]:<{_WIDTH}}} {{task.description}}", markup=False),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._tasks: dict[str, Task] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Steps:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def begin(self, step: str, text: str, total: int | None = None) -> None:
        """Show a step as running; `total` is the amount that `advance` counts up to."""
        identifier = self._live.add_task(text, total=total, step=step, reminded=0.0, text=text)
        self._tasks[step] = next(task for task in self._live.tasks if task.id == identifier)
        if not self.console.is_terminal:
            self._print("…", step, text)

    def advance(self, step: str, amount: int) -> None:
        """Add an amount that is done."""
        self._live.advance(self._tasks[step].id, amount)
        self.remind(step)

    def remind(self, step: str, doing: str = "") -> None:
        """Say that a step still runs and what it is `doing`: every 10 seconds where there is no live list."""
        task = self._tasks[step]
        if self.console.is_terminal and doing:
            self._live.update(task.id, description=f"{task.fields['text']}: {doing}")
        with self._lock:
            elapsed = task.elapsed or 0.0
            if self.console.is_terminal or elapsed - task.fields["reminded"] < _REMIND_S:
                return
            task.fields["reminded"] = elapsed
        amount = f"{task.percentage:.0f}%" if task.total else f"{elapsed:.0f} s so far"
        self._print("…", step, f"{task.description}, {amount}" + (f": {doing}" if doing else ""))

    def done(self, step: str, text: str) -> None:
        """Print a step as finished, with the time since it began; a step that never began has none."""
        self._print("✓", step, text, style="green", elapsed=self._end(step))

    def failed(self, step: str, text: str) -> None:
        """Print a step as failed."""
        self._end(step)
        self._print("✗", step, text, style="red")

    def _end(self, step: str) -> float | None:
        if (task := self._tasks.pop(step, None)) is None:
            return None
        self._live.remove_task(task.id)
        return task.elapsed

    def _print(self, mark: str, step: str, text: str, style: str = "", elapsed: float | None = None) -> None:
        took = f" {elapsed:.1f} s" if elapsed is not None else ""
        self.console.print(Text.assemble((mark, style), f" {step:<{_WIDTH}} {text}", (took, "dim")))
