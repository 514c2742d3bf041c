"""One line of JSON per invocation, under the caller's trace: SageMaker passes custom attributes on."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HEADER = "x-amzn-sagemaker-custom-attributes"
# W3C Trace Context. The caller is a service of ours, which sends version 00 and nothing else.
_CALLER = re.compile(r"traceparent=00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
LONGEST_MESSAGE, LONGEST_REASON, MOST_FRAMES = 200, 500, 60
_FAILED = 500
_logger = logging.getLogger("model.requests")


class Invocation:
    """One request; `status` is what it was answered, 500 until it is."""

    status = _FAILED


@contextmanager
def logged(headers: Mapping[str, str]) -> Iterator[Invocation]:
    """Log the block as an invocation with these headers: its status, milliseconds, and span of the trace."""
    invocation, began = Invocation(), time.perf_counter()
    try:
        yield invocation
    finally:
        _logger.info(
            "invocation",
            extra={
                "fields": {
                    **span_of(headers),
                    "status": invocation.status,
                    "outcome": "done" if invocation.status < 400 else "failed",
                    "duration_ms": round((time.perf_counter() - began) * 1000, 1),
                }
            },
        )


def span_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The ids of a new span of the trace that the custom attributes name; none without a valid one."""
    caller = _CALLER.fullmatch(headers.get(HEADER, ""))
    if caller is None:
        return {}
    return {"trace": caller[1], "span": secrets.token_hex(8), "parent": caller[2]}


class JsonLines(logging.Formatter):
    """A line as JSON with the fields that the lines of the services have; a longer text is cut.

    Of an exception it has type, text and places. An error in a request's content is answered and not logged.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "service": "model",
            "environment": os.environ.get("ENVIRONMENT") or "none",
            "version": os.environ.get("VERSION") or "none",
            "message": record.getMessage()[:LONGEST_MESSAGE],
            **getattr(record, "fields", {}),
        }
        if record.exc_info and (error := record.exc_info[1]) is not None:
            line["error"] = type(error).__name__
            line["reason"] = " ".join(str(error).split())[:LONGEST_REASON]
            line["stack"] = [
                f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
                for frame in extract_tb(error.__traceback__)[-MOST_FRAMES:]
            ]
        return json.dumps(line)


def configure_logging() -> None:
    """Write every logger's lines to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
