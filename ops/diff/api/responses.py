"""What a changed schema of responses no longer promises.

A client takes properties that it does not know, so more of them break nothing; a value that an enumeration
adds is named, and breaks nothing that reads documents as they may grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.diff.api.schemas import Schema, alternatives, types, values
from ops.diff.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator


class Promises:
    """The comparison of two documents' schemas, of responses."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self._old, self._new = old, new
        self._comparing: set[tuple[str, str]] = set()

    def changes(self, old: Any, new: Any, at: str) -> list[tuple[str, bool]]:
        """Return what changes for who reads a value, and whether it breaks them; `at` names its place."""
        # A schema that contains itself is compared once.
        pair = (repr(old), repr(new))
        if pair in self._comparing:
            return []
        self._comparing.add(pair)
        try:
            return self._all_alternatives(old, new, at)
        finally:
            self._comparing.discard(pair)

    def _all_alternatives(self, old: Any, new: Any, at: str) -> list[tuple[str, bool]]:
        promised = alternatives(self._old, old)
        found: list[tuple[str, bool]] = []
        for one in alternatives(self._new, new):
            tried = [list(self._one(each, one, at)) for each in promised]
            if tried:
                least = min(tried, key=_seriousness)
                found += least
        return list(dict.fromkeys(found))

    def _one(self, old: Schema, new: Schema, at: str) -> Iterator[tuple[str, bool]]:
        if more := types(new) - types(old):
            yield f"{at} may be {' or '.join(sorted(more))}", True
            return
        before, after = values(old), values(new)
        if before is not None and after is None:
            yield f"{at} may be any {' or '.join(sorted(types(new)))}", True
        elif before is not None and after is not None:
            added = [one for one in after if one not in before]
            if added:
                yield f"{at} may be {', '.join(map(shown, added))}", False
        if old.get("format") != new.get("format") and "format" in old:
            yield f"{at} has the format {shown(new.get('format'))}, not {shown(old['format'])}", True
        if "object" in types(new):
            yield from self._object(old, new, at)
        if "array" in types(new) and "items" in old:
            yield from self.changes(old["items"], new.get("items", True), f"{at}[]")

    def _object(self, old: Schema, new: Schema, at: str) -> Iterator[tuple[str, bool]]:
        before, after = old.get("properties", {}), new.get("properties", {})
        always = set(new.get("required", []))
        for name, schema in before.items():
            if name not in after:
                yield f"{at}.{name} is gone", True
                continue
            if name in old.get("required", []) and name not in always:
                yield f"{at}.{name} may be absent", True
            yield from self.changes(schema, after[name], f"{at}.{name}")
        for name in sorted(after.keys() - before.keys()):
            yield f"{at}.{name} is new", False
        others = old.get("additionalProperties", True)
        if isinstance(others, dict):
            yield from self.changes(others, new.get("additionalProperties", True), f"{at}.*")


def _seriousness(changes: list[tuple[str, bool]]) -> tuple[int, int]:
    return sum(breaking for _, breaking in changes), len(changes)
