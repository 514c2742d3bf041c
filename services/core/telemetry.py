"""The JSON log lines of all services, the trace of a request, and its stages."""

import logging
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from pythonjsonlogger.json import JsonFormatter

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
LONGEST_REQUEST_ID = 128
# The fields of every line of a request or message, as its trace id; set where it comes in.
log_context: ContextVar[dict[str, str] | None] = ContextVar("log_context", default=None)


class _WithContext(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.__dict__.update(log_context.get() or {})
        return True


def configure_logging(service: str) -> None:
    """Write every logger's lines to standard output as JSON, with the service's name."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_WithContext())
    handler.setFormatter(
        JsonFormatter(
            "{levelname}{name}{message}",
            style="{",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
            static_fields={"service": service},
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # botocore logs request bodies below the level of warnings; httpx2 logs a line per call.
    for verbose in ("botocore", "urllib3", "httpx2", "openai"):
        logging.getLogger(verbose).setLevel(logging.WARNING)


@contextmanager
def traced(traceparent: str, request_id: str) -> Iterator[None]:
    """Log under the trace of a W3C `traceparent` header, or under a new trace if it is not one."""
    given = _TRACEPARENT.match(traceparent)
    context = {"trace_id": given.group(1) if given else secrets.token_hex(16)}
    if request_id:
        context["request_id"] = request_id[:LONGEST_REQUEST_ID]
    token = log_context.set(context)
    try:
        yield
    finally:
        log_context.reset(token)


def trace_id() -> str | None:
    """Return the id of the request's trace; None outside of a request."""
    return (log_context.get() or {}).get("trace_id")


@dataclass
class Stages:
    """The milliseconds of each stage of one request; the times it began, and its upload had arrived."""

    timings: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)
    arrived: float = field(default_factory=time.perf_counter)

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request began."""
        return round((time.perf_counter() - self.began) * 1000, 1)

    def note_arrival(self) -> None:
        """Record that the upload has arrived: the time to send it does not count as work."""
        self.arrived = time.perf_counter()

    @property
    def working_s(self) -> float:
        """Seconds since the upload arrived."""
        return time.perf_counter() - self.arrived

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Time the block as `stage`, also when it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.timings[stage] = round((time.perf_counter() - start) * 1000, 1)

    def server_timing(self) -> str:
        """The stages as the value of a Server-Timing header."""
        return ", ".join(f"{stage};dur={ms}" for stage, ms in self.timings.items())
