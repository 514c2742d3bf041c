"""Reads a list of users, and shows at a terminal how far it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from planning.users.reading import read_users

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from planning.users.user_list import UserList


STDIN = "<stdin>"


def read_shown(source: BinaryIO, today: date) -> UserList:
    """Do as `read_users` does, for a list named after its file; the progress goes to standard error."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), DownloadColumn(), TimeElapsedColumn())
    name = Path(str(getattr(source, "name", STDIN))).name.replace(STDIN, "standard input")
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"reading {name}", total=_size(source))
        return read_users(_Counted(source, lambda count: progress.advance(task, count)), name, today)


class _Counted:
    def __init__(self, source: BinaryIO, advance: Callable[[int], None]) -> None:
        self._source, self._advance = source, advance

    def read(self, size: int, /) -> bytes:
        data = self._source.read(size)
        self._advance(len(data))
        return data


def _size(source: BinaryIO) -> int | None:
    """Return the size of a file; that of a pipe is not known."""
    try:
        status = os.fstat(source.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
