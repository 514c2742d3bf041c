"""Holds what the services log in a test's own process against the schema of log lines."""

import logging

from benchmarks.log_lines import offences
from services.core.log_lines import LineFormatter
from services.core.telemetry import log_context

_STATIC = {"service": "tests", "environment": "tests", "version": "none"}


class LinesOfTests(logging.Handler):
    """Formats what the services log in a test, and keeps all lines, and those that are wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(LineFormatter(_STATIC, log_context.get))
        self.lines: list[str] = []
        self.wrong: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:
            self.wrong.append(f"{record.msg}: cannot be formatted: {error!r}")
            return
        self.lines.append(line)
        self.wrong += offences([line])
