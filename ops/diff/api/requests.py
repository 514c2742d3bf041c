"""What a changed schema of requests refuses that it has accepted.

Sound for what our document uses: where no reason is found, each request that was valid still is. A keyword
that is not known counts as narrower when it is added or changed. Only a property that the old schema does not
declare is left out: a client has no reason to send it.
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

# By these, what a schema says of some names or places depends on what it says of others.
_COUPLED = ("patternProperties", "prefixItems")
_COMPARED = frozenset(("type", "enum", "const", "required", "properties", "items"))
_COMPARED |= {"additionalProperties", "propertyNames"}


class Narrowing(Comparison[str]):
    """Finds why a request that meets the old schema may not meet the new one."""

    def _alternatives(self, old: Any, new: Any, at: str) -> list[str]:
        allowed = alternatives(self._new, new)
        found: list[str] = []
        for one in alternatives(self._old, old):
            tried = [list(self._one(one, each, at)) for each in allowed]
            if all(tried):
                least = min(tried, key=len) if tried else [f"{at} is refused"]
                found += least
        return found

    def _one(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        if missing := types(old) - types(new):
            yield f"{at} may no longer be {_a(missing)}"
            return
        listed, before = values(new), values(old)
        if listed is not None:
            refused = without(before or [], listed)
            if before is None:
                yield f"{at} takes only {', '.join(map(shown, listed))}"
            elif refused:
                yield f"{at} no longer takes {', '.join(map(shown, refused))}"
        yield from self._limits(old, new, at)
        if "object" in types(old):
            yield from self._object(old, new, at)
        if "array" in types(old) and "items" in new:
            yield from self.found(old.get("items", True), new["items"], f"{at}[]")

    def _object(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in new.get("required", []):
            if name not in old.get("required", []):
                yield f"{at}.{name} is required"
        others, others_before = new.get("additionalProperties", True), old.get("additionalProperties", True)
        for name, schema in before.items():
            if name in after:
                yield from self.found(schema, after[name], f"{at}.{name}")
            elif others is False:
                yield f"{at}.{name} is refused"
            else:
                yield from self.found(schema, others, f"{at}.{name}")
        for name in sorted(after.keys() - before.keys()) if isinstance(others_before, dict) else ():
            yield from self.found(others_before, after[name], f"{at}.{name}")
        if others is False and others_before is not False:
            yield f"{at} takes no other fields any more"
        elif others_before is not False:
            yield from self.found(others_before, others, f"{at}.*")
        if "propertyNames" in new:
            yield from self.found(old.get("propertyNames", True), new["propertyNames"], f"names in {at}")

    def _limits(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        for keyword, value in new.items():
            if keyword in _COMPARED:
                continue
            # What has no least length may have none.
            before = old.get(keyword, 0 if keyword.startswith("min") and keyword != "minimum" else None)
            if keyword in AT_LEAST and before is not None and value <= before:
                continue
            if keyword in AT_MOST and before is not None and value >= before:
                continue
            if keyword == "uniqueItems" and value is False:
                continue
            if keyword in old and expanded(self._old, before) == expanded(self._new, value):
                continue
            change = f"{shown(before)} → {shown(value)}" if keyword in old else shown(value)
            yield f"{at} is limited: {keyword} {change}"
        for keyword in _COUPLED:
            if keyword in old and keyword not in new:
                yield f"{at} is limited: {keyword} {shown(old[keyword])} is gone"


def _a(names: frozenset[str]) -> str:
    return " or ".join(sorted(names))
