"""Lines for the person who waits."""

from __future__ import annotations


def say(line: str) -> None:
    """Print a line at once, also into a file or a pipe."""
    print(line, flush=True)  # noqa: T201 - these are commands
