"""The comparison of two documents' schemas, which may contain themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

Found = TypeVar("Found")


class Comparison(ABC, Generic[Found]):
    """Finds what two schemas differ in; a schema that contains itself is compared once."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self._old, self._new = old, new
        self._comparing: set[tuple[str, str]] = set()

    def found(self, old: Any, new: Any, at: str) -> list[Found]:
        """Return what a schema of the old document and one of the new differ in; `at` names their place."""
        pair = (repr(old), repr(new))
        if pair in self._comparing:
            return []
        self._comparing.add(pair)
        try:
            return list(dict.fromkeys(self._alternatives(old, new, at)))
        finally:
            self._comparing.discard(pair)

    @abstractmethod
    def _alternatives(self, old: Any, new: Any, at: str) -> list[Found]:
        """Return what the alternatives of both schemas differ in."""
