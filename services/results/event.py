"""The event that tells of an ended report: Standard Webhooks' form, the report as its owner reads it."""

import json

from services.core.stored_report import StoredReport

# The idempotency key of a report that a row of the database asked for.
ANALYSIS_KEY = "analysis:"


def message_id(report_id: str) -> str:
    """Return the event's id: the same for each attempt, so that a receiver knows what it has had."""
    return f"msg_{report_id}"


def event_body(stored: StoredReport) -> bytes:
    """Return the event of a report that has ended, as JSON."""
    key = stored.key.name if stored.key else ""
    moment = stored.touched_at or stored.report.created_at
    event = {
        "type": f"report.{stored.report.status}",
        "timestamp": moment.isoformat().replace("+00:00", "Z"),
        "data": {
            "owner": stored.owner,
            "analysis": key.removeprefix(ANALYSIS_KEY) if key.startswith(ANALYSIS_KEY) else None,
            "report": stored.report.model_dump(mode="json"),
        },
    }
    return json.dumps(event, ensure_ascii=False).encode()
