"""Resources that get another logical id: CloudFormation makes them anew, and deletes what they hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.templates import ResourceChange, StackChange


def renames(change: StackChange) -> dict[str, str]:
    """Return the new id of each resource beside whose deletion an equal one of the same type is created."""
    gone = [one for one in change.resources if one.new is None and one.becomes is None]
    came = [one for one in change.resources if one.old is None]
    ids = "|".join(re.escape(one.id) for one in (*gone, *came))
    created = defaultdict(list)
    for one in came:
        created[_likeness(one.new, ids)].append(one.id)
    return {one.id: same.pop(0) for one in gone if (same := created.get(_likeness(one.old, ids)))}


def under_new_ids(change: StackChange, renamed: Mapping[str, str]) -> StackChange:
    """Return a change as if what is renamed had its new id before: what is left is more than a rename."""
    if not renamed:
        return change
    former = {renamed[one.id]: one.old for one in change.resources if one.id in renamed}
    return replace(change, resources=tuple(_renamed(change.resources, former, renamed)))


def looks_renamed(new: str) -> str:
    """Return what to do about a resource that is deleted only because its id becomes another."""
    return f"It looks renamed to {new}: keep the id by `override_logical_id`."


def _renamed(
    changes: tuple[ResourceChange, ...],
    former: Mapping[str, Mapping[str, Any] | None],
    renamed: Mapping[str, str],
) -> Iterator[ResourceChange]:
    for one in changes:
        if one.id not in renamed:
            old = former.get(one.id, one.old)
            yield replace(one, old=None if old is None else _with_ids(old, renamed))


def _with_ids(value: Any, renamed: Mapping[str, str]) -> Any:
    """Return a value with the new ids in its references."""
    match value:
        case {"Ref": str(name)}:
            return {"Ref": renamed.get(name, name)}
        case {"Fn::GetAtt": [str(name), attribute]}:
            return {"Fn::GetAtt": [renamed.get(name, name), attribute]}
        case {"Fn::Sub": template}:
            return {"Fn::Sub": _substituted(template, renamed)}
        case dict():
            return {key: _with_ids(one, renamed) for key, one in value.items()}
        case list():
            return [_with_ids(one, renamed) for one in value]
    return value


def _substituted(template: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(template, list):
        return [_substituted(template[0], renamed), *_with_ids(template[1:], renamed)]
    if not isinstance(template, str):
        return template
    return re.sub(r"\$\{(\w+)", lambda found: f"${{{renamed.get(found[1], found[1])}", template)


def _likeness(resource: Mapping[str, Any] | None, ids: str) -> str:
    """Return what a resource has in common with itself under other ids, its own and those it refers to."""
    declared = [(resource or {}).get(key) for key in ("Type", "Properties")]
    return re.sub(rf"\b({ids})\b", "(id)", json.dumps(declared, sort_keys=True))
