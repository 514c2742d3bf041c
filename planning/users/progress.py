"""Reads a list of users, and shows at a terminal how far it is."""

from __future__ import annotations

import io
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from planning.users.reading import read_users

if TYPE_CHECKING:
    from datetime import date

    from rich.progress import TaskID

    from planning.users.user_list import UserList


def read_shown(source: BinaryIO, today: date) -> UserList:
    """Do as `read_users` does, for a list named after its file; the progress goes to standard error."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"reading {source.name}", total=_size(source))
        return read_users(_Counted(source, progress, task), source.name, today)


class _Counted(io.BufferedReader):
    def __init__(self, source: BinaryIO, progress: Progress, task: TaskID) -> None:
        super().__init__(source)  # type: ignore[arg-type]
        self._progress, self._task = progress, task

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._progress.advance(self._task, len(data))
        return data


def _size(source: BinaryIO) -> int | None:
    """Return the size of a file; that of a pipe is not known."""
    try:
        status = os.fstat(source.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
