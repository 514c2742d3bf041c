"""Which of Supabase's sources an event comes from.

A drain sends the events of every source, each request those of one. Its events are the rows of the source,
`id`, `timestamp`, `event_message` and `metadata`, and do not name it; so the two sources of functions are
recognised by the fields of their rows. Where an event names its source, as those of `supabase/functions` do,
that name counts.
"""

from typing import Any

CONSOLE = "function_logs"
INVOCATION = "function_edge_logs"
OTHER = "other"
_NAMES = frozenset(
    {CONSOLE, INVOCATION, "auth_logs", "auth_audit_logs", "edge_logs", "postgres_logs", "postgrest_logs"}
    | {"realtime_logs", "storage_logs", "supavisor_logs"}
)


def metadata_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event's metadata: an object, or as in a query's answer an array of one."""
    metadata = event.get("metadata")
    return first_object(metadata)


def first_object(value: object) -> dict[str, Any]:
    """Return an object, or the first one of an array; else an empty one."""
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}


def source_of(event: dict[str, Any], metadata: dict[str, Any]) -> str:
    """Return the source of an event: as it names it itself, or one of functions; else OTHER."""
    for named in (event.get("source"), metadata.get("source")):
        if isinstance(named, str) and named in _NAMES:
            return named
    if "function_id" not in metadata:
        return OTHER
    return INVOCATION if "request" in metadata or "response" in metadata else CONSOLE
