"""One JSON log line form for all services, and the stages of a request as values."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from pythonjsonlogger.json import JsonFormatter

from services.core.domain.report import Timings

# What every line of a request carries: trace and request ids, set once at the edge.
log_context: ContextVar[dict[str, str] | None] = ContextVar("log_context", default=None)


class _WithContext(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.__dict__.update(log_context.get() or {})
        return True


def configure_logging(service: str) -> None:
    """Send every logger's lines to standard output as JSON, named by service."""
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
    # botocore logs request bodies when asked for more than warnings; httpx2 logs a line per call.
    for chatty in ("botocore", "urllib3", "httpx2", "openai"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@dataclass
class Stages:
    """How long each stage of one request took, in milliseconds; when it began, and its upload was here."""

    timings: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)
    arrived: float = field(default_factory=time.perf_counter)

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request began."""
        return round((time.perf_counter() - self.began) * 1000, 1)

    def note_arrival(self) -> None:
        """The upload is here: how long a client took to send it is not counted as work."""
        self.arrived = time.perf_counter()

    @property
    def working_s(self) -> float:
        """Seconds of work since the upload was here."""
        return time.perf_counter() - self.arrived

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Time the block as `stage`, also when it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.timings[stage] = round((time.perf_counter() - start) * 1000, 1)

    def as_timings(self) -> Timings:
        """The stages in the report's form."""
        return Timings(**self.timings)

    def server_timing(self) -> str:
        """The stages as the value of a Server-Timing header."""
        return ", ".join(f"{stage};dur={ms}" for stage, ms in self.timings.items())
