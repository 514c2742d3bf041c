"""What a changed schema of requests refuses that it has accepted.

Sound for what our document uses: where no reason is found, each request that was valid still is. A keyword
that is not known counts as narrower when it is added or changed. Only a property that the old schema does not
declare is left out: a client has no reason to send it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.diff.api.schemas import SAYS_NOTHING, Schema, alternatives, expanded, types, values
from ops.diff.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

# A greater number refuses more; or a smaller one.
_AT_LEAST = frozenset(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"))
_AT_MOST = frozenset(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"))
_COMPARED = frozenset(("type", "enum", "const", "required", "properties", "items"))
_COMPARED |= {"additionalProperties", "propertyNames"}


class Narrowing:
    """The comparison of two documents' schemas, of requests."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self._old, self._new = old, new
        self._comparing: set[tuple[str, str]] = set()

    def reasons(self, old: Any, new: Any, at: str) -> list[str]:
        """Return why a value that meets the old schema may not meet the new one; `at` names its place."""
        # A schema that contains itself is compared once.
        pair = (repr(old), repr(new))
        if pair in self._comparing:
            return []
        self._comparing.add(pair)
        try:
            return self._all_alternatives(old, new, at)
        finally:
            self._comparing.discard(pair)

    def _all_alternatives(self, old: Any, new: Any, at: str) -> list[str]:
        allowed = alternatives(self._new, new)
        found: list[str] = []
        for one in alternatives(self._old, old):
            tried = [list(self._one(one, each, at)) for each in allowed]
            if all(tried):
                least = min(tried, key=len) if tried else [f"{at} is refused"]
                found += least
        return list(dict.fromkeys(found))

    def _one(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        if missing := types(old) - types(new):
            yield f"{at} may no longer be {_a(missing)}"
            return
        listed, before = values(new), values(old)
        if listed is not None:
            refused = [one for one in before or [] if one not in listed]
            if before is None:
                yield f"{at} takes only {', '.join(map(shown, listed))}"
            elif refused:
                yield f"{at} no longer takes {', '.join(map(shown, refused))}"
        yield from self._limits(old, new, at)
        if "object" in types(old):
            yield from self._object(old, new, at)
        if "array" in types(old) and "items" in new:
            yield from self.reasons(old.get("items", True), new["items"], f"{at}[]")

    def _object(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in new.get("required", []):
            if name not in old.get("required", []):
                yield f"{at}.{name} is required"
        others, others_before = new.get("additionalProperties", True), old.get("additionalProperties", True)
        for name, schema in before.items():
            if name in after:
                yield from self.reasons(schema, after[name], f"{at}.{name}")
            elif others is False:
                yield f"{at}.{name} is refused"
            else:
                yield from self.reasons(schema, others, f"{at}.{name}")
        for name in sorted(after.keys() - before.keys()) if isinstance(others_before, dict) else ():
            yield from self.reasons(others_before, after[name], f"{at}.{name}")
        if others is False and others_before is not False:
            yield f"{at} takes no other fields any more"
        elif others_before is not False:
            yield from self.reasons(others_before, others, f"{at}.*")
        if "propertyNames" in new:
            yield from self.reasons(old.get("propertyNames", True), new["propertyNames"], f"names in {at}")

    def _limits(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        for keyword, value in new.items():
            if keyword in SAYS_NOTHING or keyword in _COMPARED or keyword.startswith("x-"):
                continue
            before = old.get(keyword)
            if keyword in _AT_LEAST and before is not None and value <= before:
                continue
            if keyword in _AT_MOST and before is not None and value >= before:
                continue
            if keyword == "uniqueItems" and value is False:
                continue
            if keyword in old and expanded(self._old, before) == expanded(self._new, value):
                continue
            change = f"{shown(before)} → {shown(value)}" if keyword in old else shown(value)
            yield f"{at} is limited: {keyword} {change}"


def _a(names: frozenset[str]) -> str:
    return " or ".join(sorted(names))
