"""What is lost: resources that hold data and go, and lifecycle rules that delete sooner."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject
from ops.diff.rules import rule_book
from ops.diff.templates import GONE, REPLACED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.templates import ResourceChange

_KEEPS = ("Retain", "RetainExceptOnCreate")
_REMEDY = "Undo it, or copy the data first and import it afterwards."
# Actions of S3's lifecycle rules that delete; each has its days in one of these places.
_EXPIRATIONS = {
    "objects": (("ExpirationInDays",),),
    "earlier versions": (
        ("NoncurrentVersionExpiration", "NoncurrentDays"),
        ("NoncurrentVersionExpirationInDays",),
    ),
}


def judge_data(stack: str, change: ResourceChange) -> Iterator[Consequence]:
    """Yield what a change deletes, or puts out of sight, of a resource that holds data."""
    held = rule_book().data.get(change.type)
    happens = None if held is None else _gone(change, held)
    if happens is not None:
        yield Consequence("data loss", subject(stack, change.id, change.type), happens, _REMEDY)
    if change.old is not None and change.new is not None:
        for text in _sooner(change.type, _properties(change.old), _properties(change.new)):
            remedy = "Copy what is still needed first, or keep `retention_days`."
            yield Consequence("data loss", subject(stack, change.id, change.type), text, remedy)


def _gone(change: ResourceChange, held: str) -> str | None:
    """Say what becomes of a resource and of what it holds; None where it stays in place."""
    if change.impact in REPLACED:
        verb = "is replaced" if change.impact == "WILL_REPLACE" else "may be replaced"
        because = f" because of {', '.join(change.replacing)}" if change.replacing else ""
        if (change.new or {}).get("UpdateReplacePolicy") in (*_KEEPS, "Snapshot"):
            return f"{verb}{because} by an empty one; the old one stays with {held}, used by nothing"
        return f"{verb}{because} by an empty one; the old one is deleted with {held}"
    if change.impact not in GONE:
        return None
    if change.impact == "WILL_ORPHAN":
        return f"leaves the stack; it stays in the account with {held}, used by nothing"
    if change.type == "AWS::KMS::Key":
        return f"is deleted after its waiting period; {held} cannot be read any more"
    return f"is deleted with {held}"


@dataclass(frozen=True)
class Expiry:
    """A lifecycle rule that deletes: what it deletes, of which part, after so many days."""

    what: str
    prefix: str
    tags: str
    days: float


def _sooner(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if kind == "AWS::S3::Bucket":
        before = list(_expiries(old))
        for rule in _expiries(new):
            days = min((one.days for one in before if _covers(one, rule)), default=inf)
            if rule.days < days:
                where = f" below {rule.prefix}" if rule.prefix else ""
                so_far = "kept for good" if days == inf else f"{days:g} days"
                yield f"{rule.what}{where} older than {rule.days:g} days are deleted; {so_far} so far"
    elif kind == "AWS::ECR::Repository":
        kept = [_images_kept(one) for one in (old, new)]
        if kept[1] < kept[0]:
            so_far = "all" if kept[0] == inf else f"{kept[0]:g}"
            yield f"of its images the last {kept[1]:g} are kept; {so_far} so far"


def _expiries(bucket: Mapping[str, Any]) -> Iterator[Expiry]:
    configured = bucket.get("LifecycleConfiguration")
    for rule in configured.get("Rules", []) if isinstance(configured, dict) else []:
        if rule.get("Status") != "Enabled":
            continue
        tags = json.dumps(rule.get("TagFilters", []), sort_keys=True)
        for what, places in _EXPIRATIONS.items():
            for place in places:
                days = _inside(rule, place)
                if isinstance(days, int | float):
                    yield Expiry(what, str(rule.get("Prefix", "")), tags, days)


def _covers(rule: Expiry, other: Expiry) -> bool:
    """Say whether a rule deletes everything that the other deletes too."""
    same = rule.what == other.what and other.prefix.startswith(rule.prefix)
    return same and rule.tags in ("[]", other.tags)


def _images_kept(repository: Mapping[str, Any]) -> float:
    text = _inside(repository, ("LifecyclePolicy", "LifecyclePolicyText"))
    try:
        rules = json.loads(text) if isinstance(text, str) else {}
        counts = [
            rule["selection"]["countNumber"]
            for rule in rules.get("rules", [])
            if rule["selection"]["countType"] == "imageCountMoreThan"
        ]
    except (ValueError, LookupError, TypeError, AttributeError):
        return inf
    return min(counts, default=inf)


def _inside(value: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties", {})
    return properties if isinstance(properties, dict) else {}
