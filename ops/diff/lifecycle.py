"""What lifecycle rules delete sooner than so far: a bucket's objects and versions, a repository's images."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import inf
from typing import TYPE_CHECKING, Any

from ops.diff.values import is_intrinsic, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Where a rule of a bucket has the days or the day of what it deletes.
_EXPIRATIONS = {
    "objects": (("ExpirationInDays",), ("ExpirationDate",)),
    "earlier versions": (
        ("NoncurrentVersionExpiration", "NoncurrentDays"),
        ("NoncurrentVersionExpirationInDays",),
    ),
}
_NEWER = ("NoncurrentVersionExpiration", "NewerNoncurrentVersions")
# Where a rule of a repository has the beginnings or patterns of its images' tags.
_TAGS = ("tagPrefixList", "tagPatternList")


@dataclass(frozen=True)
class Expiry:
    """What one rule deletes: which things, after which limit, counted how; `kept` newer ones always stay.

    A part is chosen by the beginning of names, by tags that all must be there, and by sizes in bytes.
    """

    what: str
    counted: str
    limit: float
    prefix: str = ""
    tags: frozenset[str] = frozenset()
    above: float = 0
    below: float = inf
    kept: float = 0

    def covers(self, other: Expiry) -> bool:
        """Say whether everything that the other may delete at some time is within this rule."""
        return (
            (self.what, self.counted) == (other.what, other.counted)
            and other.prefix.startswith(self.prefix)
            and self.tags <= other.tags
            and self.above <= other.above
            and self.below >= other.below
        )

    def is_sooner(self, other: Expiry) -> bool:
        """Say whether a rule that covers this one would still leave something that this deletes."""
        return other.limit > self.limit or other.kept > self.kept


def deleted_sooner(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is deleted sooner by the rules of a bucket's or a repository's properties, in sentences."""
    read = {"AWS::S3::Bucket": _of_bucket, "AWS::ECR::Repository": _of_repository}.get(kind)
    if read is None:
        return
    before, after = list(read(old)), list(read(new))
    for one in after:
        covering = [each for each in before if each.covers(one)]
        if one not in before and all(one.is_sooner(each) for each in covering):
            soonest = min(covering, key=lambda each: each.limit, default=None)
            kept = "not all of them" if before else "kept for good"
            yield f"{_sentence(one)}; {_so_far(one, soonest) or kept} so far"


def _of_bucket(properties: Mapping[str, Any]) -> Iterator[Expiry]:
    configured = properties.get("LifecycleConfiguration")
    rules = _rules(configured, "Rules")
    for one in (configured, *rules):
        if is_intrinsic(one):
            # What is not read may delete all.
            yield Expiry("objects", f"by rules that are computed: {''.join(texts(one))}", 0)
    for rule in rules:
        if is_intrinsic(rule) or rule.get("Status") == "Disabled":
            continue
        part = Expiry(
            what="",
            counted="days",
            limit=0,
            prefix="".join(texts(rule.get("Prefix"))),
            tags=frozenset(f"{one.get('Key')}={one.get('Value')}" for one in _rules(rule, "TagFilters")),
            above=_number(rule.get("ObjectSizeGreaterThan"), 0),
            below=_number(rule.get("ObjectSizeLessThan"), inf),
        )
        for what, places in _EXPIRATIONS.items():
            for place in places:
                given = _inside(rule, place)
                if given is None:
                    continue
                if place == ("ExpirationDate",):
                    yield replace(part, what=what, counted="date", limit=_day(given))
                    continue
                kept = _number(_inside(rule, _NEWER), 0) if what == "earlier versions" else 0
                yield replace(part, what=what, limit=_number(given, 0), kept=kept)


def _of_repository(properties: Mapping[str, Any]) -> Iterator[Expiry]:
    text = "".join(texts(_inside(properties, ("LifecyclePolicy", "LifecyclePolicyText"))))
    try:
        rules = list(_rules(json.loads(text), "rules")) if text else []
        for rule in rules:
            selection = rule["selection"]
            if rule["action"]["type"] != "expire":
                continue
            # Several beginnings or patterns select the images that have them all.
            named = {f"tag {one}" for key in _TAGS for one in selection.get(key, ())}
            yield Expiry(
                "images",
                f"{selection['countType']} {selection.get('countUnit', '')}".strip(),
                _number(selection["countNumber"], 0),
                tags=frozenset(named | {selection["tagStatus"]} - {"any"}),
            )
    except (ValueError, LookupError, TypeError, AttributeError):
        # What is not read may delete all.
        yield Expiry("images", f"by a policy that is not read: {text}", 0)


def _sentence(one: Expiry) -> str:
    part = f" below {one.prefix}" if one.prefix else ""
    if one.tags:
        part += f" ({', '.join(sorted(one.tags))})"
    if one.above or one.below != inf:
        part += f" of {one.above:g} to {one.below:g} bytes"
    match one.counted:
        case "date":
            return f"{one.what}{part} are deleted on {date.fromordinal(int(one.limit))}"
        case "imageCountMoreThan":
            return f"of its {one.what}{part} the last {one.limit:g} are kept"
        case counted if counted.endswith("days"):
            but = f", but the last {one.kept:g}," if one.kept else ""
            return f"{one.what}{part} older than {_days(one.limit)}{but} are deleted"
    return f"{one.what}{part} are deleted {one.counted}"


def _so_far(one: Expiry, covering: Expiry | None) -> str:
    """Return what the rule that deletes the same has said, nothing where there is none."""
    if covering is None:
        return "all" if one.counted == "imageCountMoreThan" else ""
    if covering.limit == one.limit:
        return f"the last {covering.kept:g} are kept"
    if one.counted == "date":
        return f"on {date.fromordinal(int(covering.limit))}"
    return _days(covering.limit) if one.counted.endswith("days") else f"{covering.limit:g}"


def _days(number: float) -> str:
    return f"{number:g} day" if number == 1 else f"{number:g} days"


def _rules(value: Any, key: str) -> list[dict[str, Any]]:
    rules = value.get(key) if isinstance(value, dict) else None
    return [one for one in rules if isinstance(one, dict)] if isinstance(rules, list) else []


def _inside(value: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _day(value: Any) -> float:
    """Return the number of a day of the calendar, the first where it is computed."""
    try:
        return datetime.fromisoformat(value).toordinal()
    except (TypeError, ValueError):
        return 1


def _number(value: Any, absent: float) -> float:
    try:
        return absent if value is None else float(value)
    except (TypeError, ValueError):
        # What is computed at the deployment may be anything.
        return 0
