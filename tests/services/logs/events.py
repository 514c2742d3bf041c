"""Events of Supabase's sources, in the form of a drain, with text planted where they hold text."""

import time
import uuid
from typing import Any

FUNCTION = "5d0f0e0a-6f5b-4c3e-9a55-0d6f8f1b2c3d"
EXECUTION = "6d0f0e0a-6f5b-4c3e-9a55-0d6f8f1b2c3d"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OUR_LINE = {
    "time": "2026-11-27T20:00:00.000Z",
    "level": "WARNING",
    "logger": "report-ready",
    "service": "report-ready",
    "environment": "prod",
    "version": "3be222a90e19",
    "message": "event refused",
    "trace": TRACE,
    "span": SPAN,
    "outcome": "refused",
    "status": 413,
    "duration_ms": 12.3,
    "reason": "more than 524288 characters",
}


def console(text: str = "shutdown", at_ms: float | None = None, **changed: Any) -> dict[str, Any]:
    """An event of a function's console, of now or of `at_ms`."""
    at_us = int((time.time() * 1000 if at_ms is None else at_ms) * 1000)
    return {
        "id": str(uuid.uuid4()),
        "timestamp": at_us,
        "event_message": text,
        "metadata": {
            "deployment_id": f"abcdefghijklmnopqrst_{FUNCTION}_12",
            "event_type": "Log",
            "execution_id": EXECUTION,
            "function_id": FUNCTION,
            "level": "info",
            "project_ref": "abcdefghijklmnopqrst",
            "region": "eu-west-3",
            "version": "12",
        },
        **changed,
    }


def invocation(planted: str = "", **changed: Any) -> dict[str, Any]:
    """An event of a function's call, with `planted` where a caller's data is."""
    return {
        "id": str(uuid.uuid4()),
        "timestamp": time.time_ns() // 1000,
        "event_message": f"POST | 200 | {planted} | https://x.supabase.co/functions/v1/analyze?q={planted}",
        "metadata": [
            {
                "deployment_id": f"abcdefghijklmnopqrst_{FUNCTION}_12",
                "execution_id": EXECUTION,
                "execution_time_ms": 42,
                "function_id": FUNCTION,
                "request": [
                    {
                        "headers": [{"user_agent": planted, "x_real_ip": planted, "host": planted}],
                        "host": planted,
                        "method": "POST",
                        "pathname": "/functions/v1/report-ready",
                        "search": f"?email={planted}",
                        "url": f"https://x.supabase.co/functions/v1/report-ready?{planted}",
                    }
                ],
                "response": [{"headers": [{"x_sb_request_id": planted}], "status_code": 200}],
                "version": "12",
            }
        ],
        **changed,
    }


def others(planted: str = "") -> dict[str, dict[str, Any]]:
    """An event of each other source that has fields of its own, by the source's name."""
    base = {"timestamp": time.time_ns() // 1000, "event_message": planted}
    return {
        "auth_logs": {
            **base,
            "metadata": {
                "auth_event": [{"actor_username": planted}],
                "remote_addr": planted,
                "path": planted,
            },
        },
        "edge_logs": {
            **base,
            "metadata": [
                {"request": [{"cf": [{"city": planted}], "headers": [{"cf_connecting_ip": planted}]}]}
            ],
        },
        "postgres_logs": {**base, "metadata": {"parsed": [{"user_name": planted, "query": planted}]}},
        "storage_logs": {**base, "source": "storage_logs", "metadata": {"userAgent": planted}},
        "other": {**base, "metadata": {planted: planted}},
    }
