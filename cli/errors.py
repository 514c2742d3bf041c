"""The error of the commands: what failed, and what its reader can do about it. Standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class UserError(Exception):
    """A command failed for a reason that its caller can act on.

    `str()` is one sentence about what failed; `hint` says what to do; `details` holds log lines, newest last.
    """

    def __init__(self, message: str, *, hint: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.details = details
