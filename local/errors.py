"""The one error of the local commands: what went wrong, and what a person can do about it."""

from __future__ import annotations


class LocalError(Exception):
    """A local command failed for a reason that its caller can act on.

    `str()` is one sentence of what happened; `cure` says what to do; `details` holds log lines, newest last.
    """

    def __init__(self, message: str, *, cure: str = "", details: list[str] | None = None) -> None:
        super().__init__(message)
        self.cure = cure
        self.details = details or []
