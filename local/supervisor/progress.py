"""What `up` is doing, shown while it does it: a moving list at a terminal, plain lines elsewhere.

All of it goes to standard error, so that standard output stays free for results.
"""

import sys
import time
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

_WIDTH = 18
_REMIND_S = 10.0


class Progress:
    """Steps that run beside each other, each with what it does now and how long it took."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self._running: dict[str, tuple[float, str, Spinner]] = {}
        self._reminded: dict[str, float] = {}
        self._live = Live(
            get_renderable=self._render, console=self.console, transient=True, refresh_per_second=8
        )

    def __enter__(self) -> "Progress":
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.clear()
        if self.console.is_terminal:
            self._live.stop()

    def begin(self, step: str, text: str) -> None:
        """Show a step as running."""
        self._running[step] = (time.monotonic(), text, Spinner("dots"))
        self._reminded[step] = time.monotonic()
        if not self.console.is_terminal:
            self._line("…", step, text)

    def remind(self, step: str) -> None:
        """Say now and then that a step still runs, where there is no moving list that shows it."""
        began, text, _ = self._running[step]
        now = time.monotonic()
        if not self.console.is_terminal and now - self._reminded[step] >= _REMIND_S:
            self._reminded[step] = now
            self._line("…", step, f"{text}, {now - began:.0f} s so far")

    def done(self, step: str, text: str) -> None:
        """Show a step as finished, with the time it took since it began."""
        began = self._running.pop(step, (None,))[0]
        took = f" [dim]{time.monotonic() - began:.1f} s[/dim]" if began is not None else ""
        self._line("[green]✓[/green]", step, text + took)

    def failed(self, step: str, text: str) -> None:
        """Show a step as failed."""
        self._running.pop(step, None)
        self._line("[red]✗[/red]", step, text)

    def _line(self, mark: str, step: str, text: str) -> None:
        self.console.print(f"{mark} {step:<{_WIDTH}} {text}")

    def _render(self) -> RenderableType:
        now = time.monotonic()
        rows = []
        steps = list(self._running.items())  # a copy: the display has a thread of its own
        for step, (began, text, spinner) in steps:
            spinner.update(text=Text.from_markup(f"{step:<{_WIDTH}} {text} [dim]{now - began:.0f} s[/dim]"))
            rows.append(spinner)
        return Group(*rows)
