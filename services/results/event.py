"""The event of an ended report, in the form of Standard Webhooks: the report as its owner reads it."""

import json
import re

from services.core.domain.stored_report import StoredReport

# The idempotency key of a report that a row of the database asked for. Clients choose their own keys: one
# that only starts like this names no row, and the receiver would refuse the event.
_ANALYSIS_KEY = re.compile(r"analysis:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def message_id(report_id: str) -> str:
    """Return the event's id: the same for each attempt, so that a receiver recognises a repeated event."""
    return f"msg_{report_id}"


def event_body(stored: StoredReport) -> bytes:
    """Return the event of a report that has ended, as JSON."""
    asked = _ANALYSIS_KEY.fullmatch(stored.key.name) if stored.key else None
    moment = stored.touched_at or stored.report.created_at
    event = {
        "type": f"report.{stored.report.status}",
        "timestamp": moment.isoformat().replace("+00:00", "Z"),
        "data": {
            "owner": stored.owner,
            "analysis": asked.group(1) if asked else None,
            "report": stored.report.model_dump(mode="json"),
        },
    }
    return json.dumps(event, ensure_ascii=False).encode()
