"""One change of the API, and whether it breaks those who call it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ApiChange:
    """A change of an operation, as in "POST /analyze"; a breaking one fails a client that worked before."""

    operation: str
    what: str
    breaking: bool
