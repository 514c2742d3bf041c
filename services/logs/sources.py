"""Which of Supabase's sources an event comes from.

A drain sends the events of every source, each request those of one. Its events are the rows of the source,
`id`, `timestamp`, `event_message` and `metadata`, and do not name it; so a source is recognised by the fields
that its rows have. Where an event names its source, that name counts: `supabase/functions` names it.
"""

from typing import Any

CONSOLE = "function_logs"
INVOCATION = "function_edge_logs"
OTHER = "other"
# By the name that queries use and the one of Supabase's own store.
_NAMES = {
    "function_logs": CONSOLE,
    "deno-subhosting-events": CONSOLE,
    "function_edge_logs": INVOCATION,
    "deno-relay-logs": INVOCATION,
    "auth_logs": "auth_logs",
    "auth_audit_logs": "auth_audit_logs",
    "gotrue.logs.prod": "auth_logs",
    "edge_logs": "edge_logs",
    "cloudflare.logs.prod": "edge_logs",
    "postgres_logs": "postgres_logs",
    "postgres.logs": "postgres_logs",
    "postgrest_logs": "postgrest_logs",
    "postgREST.logs.prod": "postgrest_logs",
    "pgbouncer_logs": "pgbouncer_logs",
    "pgbouncer.logs.prod": "pgbouncer_logs",
    "supavisor_logs": "supavisor_logs",
    "realtime_logs": "realtime_logs",
    "realtime.logs.prod": "realtime_logs",
    "storage_logs": "storage_logs",
    "storage.logs.prod.2": "storage_logs",
    "pg_cron_logs": "pg_cron_logs",
    "pg_upgrade_logs": "pg_upgrade_logs",
}
# The first row of which an event's metadata has a field applies.
_BY_FIELD = (
    ("parsed", "postgres_logs"),
    ("auth_event", "auth_logs"),
    ("auth_audit_event", "auth_audit_logs"),
    ("grant_type", "auth_logs"),
    ("remote_addr", "auth_logs"),
    ("request", "edge_logs"),
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
    """Return the source of an event by a name of ours; OTHER if it is unknown."""
    for named in (event.get("source"), metadata.get("source")):
        if isinstance(named, str) and named in _NAMES:
            return _NAMES[named]
    if "function_id" in metadata:
        return INVOCATION if "request" in metadata or "response" in metadata else CONSOLE
    return next((source for field, source in _BY_FIELD if field in metadata), OTHER)
