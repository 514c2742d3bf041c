"""The trace of an HTTP request: the caller's, or a new one. Every log line of the request carries it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from services.core.telemetry import log_context
from services.core.trace import hop

LONGEST_REQUEST_ID = 128
# The gateway's; a caller inside the network may send any text.
_REQUEST_ID = re.compile(r"[\w=+/.:-]+", re.ASCII)


@contextmanager
def traced(traceparents: Sequence[str], request_id: str) -> Iterator[None]:
    """Log under the trace that the one `traceparent` header names.

    Without one, with several, or with an invalid one, it is a new trace.
    """
    known = _REQUEST_ID.fullmatch(request_id[:LONGEST_REQUEST_ID])
    fields = {"request": known[0]} if known else {}
    with hop(traceparents[0] if len(traceparents) == 1 else None, **fields):
        yield


def trace_id() -> str | None:
    """Return the id of the request's trace; None outside of a request."""
    return (log_context.get() or {}).get("trace")
