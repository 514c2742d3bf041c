"""The log line of an invocation in AWS's image, whose server logs no header: in the trace of the caller."""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = "x-amzn-sagemaker-custom-attributes"
# W3C Trace Context, as a service of ours sends it.
_CALLER = re.compile(r"traceparent=00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")


@contextmanager
def logged(context: Any) -> Iterator[None]:
    """Log the block as the prediction for a request of TorchServe's context, if its headers name a trace."""
    caller = _CALLER.fullmatch(_attributes(context))
    if caller is None:
        yield
        return
    began, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "done"
    finally:
        line = {
            "time": datetime.now(timezone.utc).isoformat(),  # noqa: UP017 - the image's Python may be 3.10
            "level": "INFO",
            "logger": __name__,
            "service": "model",
            "environment": os.environ.get("ENVIRONMENT") or "none",
            "version": os.environ.get("VERSION") or "none",
            "message": "invocation",
            "trace": caller[1],
            "span": secrets.token_hex(8),
            "parent": caller[2],
            "outcome": outcome,
            "duration_ms": round((time.perf_counter() - began) * 1000, 1),
        }
        # TorchServe copies a worker's output to its log, line by line.
        sys.stdout.write(f"{json.dumps(line)}\n")
        sys.stdout.flush()


def _attributes(context: Any) -> str:
    try:
        headers = context.request_processor[0].get_request_properties()
        return next((str(value) for name, value in headers.items() if name.lower() == _HEADER), "")
    except (AttributeError, IndexError, TypeError, KeyError):
        # No context, or one of another server: the trace is not worth a prediction.
        return ""
