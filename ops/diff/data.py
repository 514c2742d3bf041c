"""What is lost: resources that hold data and go, and lifecycle rules that delete sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject
from ops.diff.lifecycle import deleted_sooner
from ops.diff.renames import looks_renamed
from ops.diff.rules import rule_book
from ops.diff.templates import GONE, REPLACED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.templates import ResourceChange

_KEEPS = ("Retain", "RetainExceptOnCreate")
_REMEDY = "Undo it, or copy the data first and import it afterwards."
# Where that is not how data is saved.
_REMEDIES = {
    "AWS::SQS::Queue": "Drain it first.",
    "AWS::Logs::LogGroup": "Export what is still needed first.",
    "AWS::KMS::Key": "Keep it as long as anything encrypted with it is needed.",
}
_KEY = "AWS::KMS::Key"


def judge_data(stack: str, change: ResourceChange, renamed: str | None = None) -> Iterator[Consequence]:
    """Yield what a change deletes, or puts out of sight, of a resource that holds data.

    `renamed` is the id of an equal resource that is created in its place.
    """
    where = subject(stack, change.id, change.type)
    held = rule_book().data.get(change.type)
    happens = None if held is None else _gone(change, held)
    if happens is not None:
        remedy = _REMEDIES.get(change.type, _REMEDY) if renamed is None else looks_renamed(renamed)
        yield Consequence("data loss", where, happens, remedy)
    if change.old is not None and change.new is not None:
        for text in deleted_sooner(change.type, _properties(change.old), _properties(change.new)):
            # The setting is about all photos; other rules have their own numbers.
            kept = "`retention_days`" if text.startswith("objects older than") else "the rules"
            yield Consequence("data loss", where, text, f"Copy what is still needed first, or keep {kept}.")


def judge_left(stack: str, change: ResourceChange) -> Iterator[Consequence]:
    """Yield what becomes of a resource that holds data, where its whole stack is declared no more.

    No deployment deletes such a stack: it stays until somebody does.
    """
    held = rule_book().data.get(change.type)
    if held is None:
        return
    then = "also when that is deleted"
    if (change.old or {}).get("DeletionPolicy") not in _KEEPS:
        then = f"until that is deleted: then it {_goes(change, held)}"
    happens = f"belongs to a stack that is declared no more; it stays, used by nothing, {then}"
    remedy = _REMEDIES.get(change.type, _REMEDY)
    yield Consequence("data loss", subject(stack, change.id, change.type), happens, remedy)


def _gone(change: ResourceChange, held: str) -> str | None:
    """Say what becomes of a resource and of what it holds; None where it stays in place."""
    if change.impact in REPLACED:
        verb = "is replaced" if change.impact == "WILL_REPLACE" else "may be replaced"
        because = f" because of {', '.join(change.replacing)}" if change.replacing else ""
        keeps = (change.new or {}).get("UpdateReplacePolicy") in (*_KEEPS, "Snapshot")
        old = _stays(change, held) if keeps else _goes(change, held)
        return f"{verb}{because} by {'another' if change.type == _KEY else 'an empty one'}; the old one {old}"
    if change.impact not in GONE:
        return None
    if change.impact == "WILL_ORPHAN":
        return f"leaves the stack; it {_stays(change, held)}"
    return _goes(change, held)


def _stays(change: ResourceChange, held: str) -> str:
    if change.type == _KEY:
        return f"stays in the account, used by nothing; {held} can be read until it is deleted"
    return f"stays in the account with {held}, used by nothing"


def _goes(change: ResourceChange, held: str) -> str:
    if change.type == _KEY:
        return f"is deleted after its waiting period, and {held} can no longer be read"
    return f"is deleted with {held}"


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties", {})
    return properties if isinstance(properties, dict) else {}
