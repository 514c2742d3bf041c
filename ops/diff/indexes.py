"""Secondary indexes of a table that go or are made anew: queries by them fail meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.templates import ResourceChange

_TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")
# What an index is made of; the rest changes in place.
_MADE_OF = ("KeySchema", "Projection")


def judge_indexes(stack: str, change: ResourceChange) -> Iterator[Consequence]:
    """Yield what becomes of the global secondary indexes of a table that stays in place."""
    if change.type not in _TABLES or change.impact != "WILL_UPDATE":
        return
    old, new = (_indexes(one) for one in (change.old, change.new))
    where = subject(stack, change.id, change.type)
    gone, came = [one for one in old if one not in new], [one for one in new if one not in old]
    changed = [one for one in old if one in new and old[one] != new[one]]
    for name in gone:
        remedy = "See that no deployed code queries by it."
        yield Consequence("interruption", where, f"index {name} is deleted: queries by it fail", remedy)
    for name in changed:
        happens = f"index {name} is made anew: queries by it fail until it is filled again"
        yield Consequence(
            "interruption", where, happens, "Make it beside the former one, under another name."
        )
    if len(gone) + len(came) + 2 * len(changed) > 1:
        happens = "DynamoDB makes or deletes one index at a time, and refuses more in one deployment"
        yield Consequence("interruption", where, happens, "Deploy one index after another.")


def _indexes(resource: Mapping[str, Any] | None) -> dict[str, Any]:
    listed = ((resource or {}).get("Properties") or {}).get("GlobalSecondaryIndexes")
    return {
        str(one.get("IndexName")): [one.get(key) for key in _MADE_OF]
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    }
