"""The receiver's answers in the form of the HTTP API (payload 2.0); errors are RFC 9457 problem documents."""

import json
from typing import Any

from services.core.telemetry import log_context

_TYPE = "application/json"
_PROBLEM_TYPE = "application/problem+json"


def accepted(kept: int, dropped: dict[str, int]) -> dict[str, Any]:
    """Return the 202: how many events will be written, and how many not, by source or reason."""
    return _answer(202, {"content-type": _TYPE}, {"kept": kept, "dropped": dropped})


def problem(
    status: int, title: str, detail: str, *, retry_after_s: int | None = None, **extra: str
) -> dict[str, Any]:
    """Return an error as the other services answer it, with the trace by which its log line is found."""
    trace = (log_context.get() or {}).get("trace")
    document = {
        "type": f"urn:vitrine:problem:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        **extra,
        **({"trace_id": trace} if trace else {}),
    }
    headers = {"content-type": _PROBLEM_TYPE}
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    return _answer(status, headers, document)


def _answer(status: int, headers: dict[str, str], content: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(content, separators=(",", ":"))
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}
