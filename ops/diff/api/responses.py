"""What a changed schema of responses no longer promises.

A client takes properties that it does not know, so more of them break nothing; a value that an enumeration
adds is named, and breaks nothing that reads documents as they may grow. The same is a longer text or list. A
shorter one, which may be empty, and a number beyond its limits break what counts on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.diff.api.comparison import Comparison
from ops.diff.api.merging import AT_LEAST, AT_MOST
from ops.diff.api.schemas import alternatives, expanded, types, values, without
from ops.diff.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.diff.api.merging import Schema

# By these, a client reads a value: as a date, or by its parts.
_FORMS = ("format", "pattern", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType")
# More of what a value has breaks nothing.
_GROWS = ("maxLength", "maxItems", "maxProperties")


class Promises(Comparison[tuple[str, bool]]):
    """Finds what changes for who reads an answer, and whether that breaks them."""

    def _alternatives(self, old: Any, new: Any, at: str) -> list[tuple[str, bool]]:
        promised = alternatives(self._old, old)
        found: list[tuple[str, bool]] = []
        for one in alternatives(self._new, new):
            tried = [list(self._one(each, one, at)) for each in promised]
            nothing = [(f"{at} may be {' or '.join(sorted(types(one)))}", True)]
            least = min(tried, key=_seriousness, default=nothing)
            found += least
        return found

    def _one(self, old: Schema, new: Schema, at: str) -> Iterator[tuple[str, bool]]:
        if more := types(new) - types(old):
            yield f"{at} may be {' or '.join(sorted(more))}", True
            return
        before, after = values(old), values(new)
        if before is not None and after is None:
            yield f"{at} may be any {' or '.join(sorted(types(new)))}", True
        elif before is not None and after is not None and (added := without(after, before)):
            yield f"{at} may be {', '.join(map(shown, added))}", False
        yield from self._limits(old, new, at)
        if "object" in types(new):
            yield from self._object(old, new, at)
        if "array" in types(new) and "items" in old:
            yield from self.found(old["items"], new.get("items", True), f"{at}[]")

    def _limits(self, old: Schema, new: Schema, at: str) -> Iterator[tuple[str, bool]]:
        listed = values(new)
        for keyword, before in old.items():
            after = new.get(keyword)
            if keyword not in AT_LEAST | AT_MOST and keyword not in _FORMS:
                continue
            if listed is not None:
                loosened = not all(_meets(one, keyword, before) for one in listed)
            elif keyword in AT_LEAST | AT_MOST:
                loosened = not _meets_number(after, keyword, before)
            else:
                loosened = expanded(self._old, before) != expanded(self._new, after)
            if loosened:
                yield f"{at} has the {keyword} {shown(after)}, not {shown(before)}", keyword not in _GROWS

    def _object(self, old: Schema, new: Schema, at: str) -> Iterator[tuple[str, bool]]:
        before, after = old.get("properties", {}), new.get("properties", {})
        always = set(new.get("required", []))
        for name, schema in before.items():
            if name not in after:
                yield f"{at}.{name} is gone", True
                continue
            if name in old.get("required", []) and name not in always:
                yield f"{at}.{name} may be absent", True
            yield from self.found(schema, after[name], f"{at}.{name}")
        for name in sorted(after.keys() - before.keys()):
            yield f"{at}.{name} is new", False
        others = old.get("additionalProperties", True)
        if isinstance(others, dict):
            yield from self.found(others, new.get("additionalProperties", True), f"{at}.*")


def _meets(value: Any, keyword: str, limit: Any) -> bool:
    """Say whether a value that is listed meets a limit; one of another type always does."""
    if keyword in _FORMS:
        return not isinstance(value, str | float | int)
    if isinstance(value, bool):
        return True
    if keyword.endswith("imum"):
        excluded = keyword.startswith("exclusive") and value == limit
        return not isinstance(value, int | float) or (_meets_number(value, keyword, limit) and not excluded)
    sized = {"Length": str, "Items": list, "Properties": dict}[keyword[3:]]
    return not isinstance(value, sized) or _meets_number(len(value), keyword, limit)


def _meets_number(value: Any, keyword: str, limit: Any) -> bool:
    # Nothing has less than no elements.
    if keyword in AT_LEAST:
        return bool(limit <= 0 and not keyword.endswith("imum")) or (value is not None and value >= limit)
    return value is not None and value <= limit


def _seriousness(changes: list[tuple[str, bool]]) -> tuple[int, int]:
    return sum(breaking for _, breaking in changes), len(changes)
