"""The trace of a request: the caller's, or a new one. Every log line of the request carries it."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from services.core.telemetry import log_context

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
LONGEST_REQUEST_ID = 128


@contextmanager
def traced(traceparent: str, request_id: str) -> Iterator[None]:
    """Log under the trace of a W3C `traceparent` header, or under a new trace if it is not one."""
    given = _TRACEPARENT.match(traceparent)
    context = {"trace": given.group(1) if given else secrets.token_hex(16)}
    if request_id:
        context["request"] = request_id[:LONGEST_REQUEST_ID]
    token = log_context.set(context)
    try:
        yield
    finally:
        log_context.reset(token)


def trace_id() -> str | None:
    """Return the id of the request's trace; None outside of a request."""
    return (log_context.get() or {}).get("trace")
