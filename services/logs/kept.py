"""Makes the line that is kept of an event of Edge Functions, without personal data, and counts the others."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from services.logs.fields import (
    LEVELS,
    Check,
    is_deployment,
    is_duration_ms,
    is_method,
    is_region,
    is_slug,
    is_status,
    is_uuid,
)
from services.logs.messages import kept_of_text
from services.logs.sources import CONSOLE, INVOCATION, first_object, metadata_of, source_of
from services.logs.times import iso, milliseconds
from services.logs.words import is_function

MALFORMED = "malformed"
# A function's path as the gateway of Supabase and as its runtime see it; what follows is not kept.
_PATH = re.compile(r"/(?:functions/v1/)?([^/?#]+)")
_DIGEST_DIGITS = 32


class KeptEvent(NamedTuple):
    """An event to be written: its time in milliseconds since 1970, its id, and its line of JSON."""

    at_ms: int
    id: str
    line: str


class Filtered(NamedTuple):
    """The events to keep, and how many others there were, by their source or as malformed."""

    kept: list[KeptEvent]
    dropped: Counter[str]


def filtered(events: Iterable[Any], environment: str) -> Filtered:
    """Keep the events of Edge Functions, as lines of `environment`; count the others."""
    kept, dropped = [], Counter[str]()
    for event in events:
        if not isinstance(event, dict):
            dropped[MALFORMED] += 1
            continue
        metadata = metadata_of(event)
        source = source_of(event, metadata)
        if source not in (CONSOLE, INVOCATION):
            dropped[source] += 1
        elif (found := _kept(event, metadata, source, environment)) is None:
            dropped[MALFORMED] += 1
        else:
            kept.append(found)
    return Filtered(kept, dropped)


def _kept(event: dict[str, Any], metadata: dict[str, Any], source: str, environment: str) -> KeptEvent | None:
    """The line of an event of a function; None if it has no readable time, or is too deeply nested."""
    at_ms = milliseconds(event.get("timestamp"))
    if at_ms is None:
        return None
    try:
        event_id = _id_of(event)
    except RecursionError:
        return None
    fields = _invocation(metadata) if source == INVOCATION else kept_of_text(event.get("event_message"))
    level = metadata.get("level")
    line = {
        "time": iso(at_ms),
        "level": LEVELS.get(level.lower(), "INFO") if isinstance(level, str) else "INFO",
        "service": "edge-functions",
        "environment": environment,
        "version": _version(metadata),
        **_function(metadata),
        **fields,
        "event": event_id,
        "source": source,
    }
    return KeptEvent(at_ms, event_id, json.dumps(line, separators=(",", ":")))


def _id_of(event: dict[str, Any]) -> str:
    """The event's own id, a UUID; of an event without one, a digest that is the same when it comes again."""
    given = event.get("id")
    if isinstance(given, str) and is_uuid(given.lower()):
        return given.lower()
    whole = json.dumps(event, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(whole).hexdigest()[:_DIGEST_DIGITS]


def _invocation(metadata: dict[str, Any]) -> dict[str, Any]:
    """What was called, how it ended and how long it took; no address, header or query."""
    request, response = (first_object(metadata.get(name)) for name in ("request", "response"))
    status: Any = response.get("status_code")
    # A path that no function has may be anything, as may one that a function refuses.
    answered = is_status(status) and status < 400
    given: dict[str, tuple[Any, Check]] = {
        "method": (request.get("method"), is_method),
        "status": (status, is_status),
        "duration_ms": (metadata.get("execution_time_ms"), is_duration_ms),
        "function": (_function_name(request) if answered else None, is_slug),
    }
    return {"message": "function invoked", **_passing(given)}


def _function_name(request: dict[str, Any]) -> str | None:
    path = request.get("pathname")
    found = _PATH.match(path) if isinstance(path, str) else None
    return found[1] if found else None


def _function(metadata: dict[str, Any]) -> dict[str, Any]:
    """The function by its id, unless its name is known, the execution and the region."""
    name, function_id = metadata.get("function"), metadata.get("function_id")
    given: dict[str, tuple[Any, Check]] = {
        "function": (name, is_function) if name else (function_id, is_uuid),
        "execution": (metadata.get("execution_id"), is_uuid),
        "region": (metadata.get("region"), is_region),
    }
    return _passing(given)


def _passing(given: dict[str, tuple[Any, Check]]) -> dict[str, Any]:
    return {name: value for name, (value, ok) in given.items() if ok(value)}


def _version(metadata: dict[str, Any]) -> str:
    """The number of the deployment, which Supabase states as a text or as a number."""
    version = metadata.get("version")
    return str(version) if is_deployment(version) else "none"
