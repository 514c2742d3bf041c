"""What a request may newly have, and what it means where a field is left out: no client breaks by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.diff.api.merging import AT_LEAST, AT_MOST
from ops.diff.api.schemas import values, without
from ops.diff.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.diff.api.merging import Schema


def additions(old: Any, new: Any, at: str) -> Iterator[str]:
    """Yield what a schema of requests allows more than its former self, both without references."""
    if not isinstance(old, dict) or not isinstance(new, dict) or old == new:
        return
    yield from _said(old, new, at)
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, one in after.items():
        if name in before:
            yield from additions(before[name], one, f"{at}.{name}")
        elif name not in new.get("required", []):
            yield f"{at}.{name} may be sent"
    for name in old.get("required", []):
        if name in after and name not in new.get("required", []):
            yield f"{at}.{name} may be left out"
    yield from additions(old.get("items"), new.get("items"), f"{at}[]")
    for keyword in ("allOf", "anyOf", "oneOf"):
        some, others = old.get(keyword, []), new.get(keyword, [])
        for one, other in zip(some, others, strict=False):
            yield from additions(one, other, at)


def _said(old: Schema, new: Schema, at: str) -> Iterator[str]:
    """Yield what two schemas say of the value itself."""
    listed, before = values(new), values(old)
    if before is not None and (added := without(listed or [], before)):
        yield f"{at} may also be {', '.join(map(shown, added))}"
    if "default" in new and new["default"] != old.get("default"):
        so_far = f"; {shown(old['default'])} so far" if "default" in old else ""
        yield f"{at} is {shown(new['default'])} where it is left out{so_far}"
    if new.get("deprecated") and not old.get("deprecated"):
        yield f"{at} is deprecated"
    for keyword in sorted(old.keys() & (AT_MOST | AT_LEAST)):
        limit, change = new.get(keyword), (old[keyword], new.get(keyword))
        if limit is None or (limit > change[0] if keyword in AT_MOST else limit < change[0]):
            yield f"{at} is limited less: {keyword} {shown(change[0])} → {shown(limit)}"
