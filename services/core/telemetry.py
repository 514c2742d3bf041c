"""The JSON log lines of all services, and the stages of a request."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from pythonjsonlogger.json import JsonFormatter

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
