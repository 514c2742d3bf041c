"""The JSON log lines of all services, and the stages of a request."""

import hmac
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import TextIO

from services.core.log_lines import LineFormatter

# The fields of every line of a request or message, as its trace; set where it comes in.
log_context: ContextVar[dict[str, str] | None] = ContextVar("log_context", default=None)
# 64 bits: enough to tell the users of one environment apart.
_USER_DIGITS = 16
logger = logging.getLogger(__name__)


class _Lines(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Lose a line that cannot be written: the default prints the record with its values."""


def configure_logging(service: str) -> None:
    """Write every logger's lines to standard output as JSON, by `log_schema.json`.

    ENVIRONMENT and VERSION name what is deployed. An uncaught error is a line as well.
    """
    static = {
        "service": service,
        "environment": os.environ.get("ENVIRONMENT") or "none",
        "version": os.environ.get("VERSION") or "none",
    }
    handler = _Lines(sys.stdout)
    handler.setFormatter(LineFormatter(static, log_context.get))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # botocore logs request bodies below the level of warnings; httpx2 logs a line per call.
    for verbose in ("botocore", "urllib3", "httpx2", "openai"):
        logging.getLogger(verbose).setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda ended: _log_uncaught(ended.exc_type, ended.exc_value, ended.exc_traceback)


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None
) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        logger.critical("uncaught error", exc_info=(kind, error, traceback))


def add_context(**fields: str) -> None:
    """Add fields to all further lines of this request or message."""
    log_context.set({**(log_context.get() or {}), **fields})


def user_hash(user_id: str, key: str | None = None) -> str:
    """Return what logs say instead of a user's id: the same in all services of an environment.

    Keyed by `key`, else by the variable USER_HASH_KEY, so that a reader of logs cannot try ids.
    """
    by = os.environ.get("USER_HASH_KEY", "") if key is None else key
    return hmac.digest(by.encode(), user_id.encode(), "sha256").hex()[:_USER_DIGITS]


def elapsed_ms(began: float) -> float:
    """Milliseconds since `began` of `time.perf_counter()`, as log lines state them."""
    return round((time.perf_counter() - began) * 1000, 1)


@dataclass
class Stages:
    """The milliseconds of each stage of one request; the times it began, and its upload had arrived.

    While `awaited`, a client waits for the outcome in this request, and reads no stage anywhere else.
    """

    timings: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)
    arrived: float = field(default_factory=time.perf_counter)
    awaited: bool = False

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request began."""
        return elapsed_ms(self.began)

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
            self.timings[stage] = elapsed_ms(start)

    def server_timing(self) -> str:
        """The stages as the value of a Server-Timing header."""
        return ", ".join(f"{stage};dur={ms}" for stage, ms in self.timings.items())
