"""From a drain's request to CloudWatch."""

import json
import time
import uuid
from typing import Any

from tests.services.logs.conftest import Path


def console(text: str = "shutdown", at_ms: float | None = None, **changed: Any) -> dict[str, Any]:
    """An event of a function's console, as a drain sends it."""
    at_us = int((at_ms if at_ms is not None else time.time() * 1000) * 1000)
    return {
        "id": str(uuid.uuid4()),
        "timestamp": at_us,
        "event_message": text,
        "metadata": {
            "function_id": "5d0f0e0a-6f5b-4c3e-9a55-0d6f8f1b2c3d",
            "execution_id": "6d0f0e0a-6f5b-4c3e-9a55-0d6f8f1b2c3d",
            "region": "eu-west-3",
            "level": "info",
            "event_type": "Log",
            "version": "12",
        },
        **changed,
    }


def test_events_arrive_once(path: Path) -> None:
    events = [console() for _ in range(250)]
    assert path.send(events) == (202, {"kept": 250, "dropped": {}})
    assert path.write() == []
    assert sorted(line["event"] for line in path.lines()) == sorted(event["id"] for event in events)
    assert path.cloudwatch.refused == []
