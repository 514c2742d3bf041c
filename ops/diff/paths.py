"""The values of a resource at the paths of the rules, each with its place."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ops.diff.values import by_name, is_intrinsic, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# By these, the elements of a list are told apart: another one before them moves their numbers.
_IDENTITIES = ("Name", "Id", "Region", "VariantName", "IndexName", "PathPattern", "Header", "Pattern")


def at(resource: Mapping[str, Any] | None, path: str) -> dict[str, Any]:
    """Return the values at a path by their places, of which a path without * has one.

    The path begins below the properties, or at the resource itself where it begins with /.
    """
    value: Any = resource if path.startswith("/") else (resource or {}).get("Properties")
    return dict(_values(value, path.removeprefix("/").split("."), ""))


def _values(value: Any, path: Sequence[str], place: str) -> Iterator[tuple[str, Any]]:
    value = by_name(value)
    if not path:
        # CloudFormation takes a boolean as text, too, and an empty list is nothing.
        plain = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
        yield place, None if plain == [] else plain
    elif "*" in path[0]:
        inside = _by_identity(value) if isinstance(value, list) else value
        named = inside.items() if isinstance(inside, dict) else ()
        for key, one in [each for each in named if fnmatchcase(each[0], path[0])]:
            yield from _values(one, path[1:], f"{place}.{key}")
    elif isinstance(value, dict):
        # A name may have dots itself, as an attribute of a load balancer.
        whole = ".".join(path)
        rest = () if whole in value else path[1:]
        yield from _values(value.get(whole if whole in value else path[0]), rest, place)
    else:
        yield place, None


def _by_identity(listed: list[Any]) -> dict[str, Any]:
    """Return the elements of a list by what tells them apart, by their numbers where nothing does."""
    if not any(isinstance(one, list) or (isinstance(one, dict) and not is_intrinsic(one)) for one in listed):
        return {"".join(texts(one)): one for one in listed}
    for identity in _IDENTITIES:
        named = [(one.get(identity) if isinstance(one, dict) else None, one) for one in listed]
        found = {name: one for name, one in named if isinstance(name, str)}
        if len(found) == len(listed):
            return found
    return {str(number): one for number, one in enumerate(listed)}
