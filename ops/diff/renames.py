"""Resources that get another logical id: CloudFormation makes them anew, and deletes what they hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ops.diff.templates import StackChange

# How a type names its resources, where that is neither Name nor its own name with that, as in BucketName.
_NAMES = {"AWS::ApiGatewayV2::Route": "RouteKey", "AWS::RDS::DBInstance": "DBInstanceIdentifier"}
# Several of these may have one name.
_LABELLED: tuple[str, ...] = ("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::VpcLink", "AWS::IAM::Policy")
_LABELLED += ("AWS::Lambda::LayerVersion", "AWS::Route53::RecordSet")


def renames(change: StackChange) -> dict[str, str]:
    """Return the new id of each resource beside whose deletion an equal one of the same type is created."""
    gone = [one for one in change.resources if one.new is None and one.becomes is None]
    came = [one for one in change.resources if one.old is None]
    ids = "|".join(re.escape(one.id) for one in (*gone, *came))
    created = defaultdict(list)
    for one in came:
        created[_likeness(one.new, ids)].append(one.id)
    return {one.id: same.pop(0) for one in gone if (same := created.get(_likeness(one.old, ids)))}


def judge_names(stack: str, change: StackChange) -> Iterator[Consequence]:
    """Yield the resources that are created under the name of one that is deleted only afterwards."""
    taken = {(one.type, name) for one in change.resources if one.new is None and (name := _name(one.old))}
    for one in change.resources:
        name = _name(one.new)
        again = one.impact == "WILL_REPLACE" and name == _name(one.old)
        if name is not None and (again or (one.old is None and (one.type, name) in taken)):
            happens = (
                f"CloudFormation refuses to create it: the name {name} exists until the former one is gone"
            )
            remedy = "Give it another name" + ("." if again else ", or keep the id by `override_logical_id`.")
            yield Consequence("interruption", subject(stack, one.id, one.type), happens, remedy)


def looks_renamed(new: str) -> str:
    """Return what to do about a resource that is deleted only because its id becomes another."""
    return f"It looks renamed to {new}: keep the id by `override_logical_id`."


def _likeness(resource: Mapping[str, Any] | None, ids: str) -> str:
    """Return what a resource has in common with itself under other ids, its own and those it refers to."""
    declared = [(resource or {}).get(key) for key in ("Type", "Properties")]
    return re.sub(rf"\b({ids})\b", "(id)", json.dumps(declared, sort_keys=True))


def _name(resource: Mapping[str, Any] | None) -> str | None:
    """Return the name that a template gives a resource; None where the service chooses it."""
    kind = str((resource or {}).get("Type", ""))
    properties = (resource or {}).get("Properties")
    if not isinstance(properties, dict) or kind in _LABELLED:
        return None
    keys: Iterable[str] = (_NAMES.get(kind, "Name"), f"{kind.rpartition(':')[2]}Name")
    found = next((properties[key] for key in keys if key in properties), None)
    return found if isinstance(found, str) else None
