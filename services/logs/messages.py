"""What is kept of an event's text: a line of our own functions, or the runtime's own words."""

import json
import re
from typing import Any

from services.core.log_lines import SCHEMA
from services.logs.fields import OF_OUR_LINES

OTHER_TEXT = "text of the function"
# Longer than any line of ours; the text of an event may be megabytes.
LONGEST_LINE = 10_000
_REQUIRED = frozenset(SCHEMA["required"])
# What Supabase's runtime says of a function: the constant words, and what they may begin or end with.
_ISOLATE = r"(\.? isolate: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?"
_RUNTIME = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"booted \(time: [0-9]{1,6}ms\)",
        r"shutdown",
        r"Listening on http://(localhost|0\.0\.0\.0|127\.0\.0\.1):[0-9]{1,5}/?",
        rf"(CPU|Memory|Wall clock) (time )?(soft |hard )?limit( reached| exceeded)?\.?{_ISOLATE}",
        rf"early (termination|drop) (has been|was) triggered\.?{_ISOLATE}",
        rf"(event loop|worker boot) error\.?{_ISOLATE}",
    )
)


def kept_of_text(event_text: object) -> dict[str, Any]:
    """Return the fields of a log line that say what is kept of a text, among them `message`.

    Of a text that is neither ours nor the runtime's, that is its length alone, as `count`.
    """
    text = event_text.strip() if isinstance(event_text, str) else ""
    if (line := _our_line(text)) is not None:
        return line
    if any(pattern.fullmatch(text) for pattern in _RUNTIME):
        return {"message": text}
    return {"message": OTHER_TEXT, "count": len(text)}


def _our_line(text: str) -> dict[str, Any] | None:
    if not text.startswith("{") or len(text) > LONGEST_LINE:
        return None
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or not given.keys() >= _REQUIRED:
        return None
    kept = {name: value for name, value in given.items() if (ok := OF_OUR_LINES.get(name)) and ok(value)}
    # `logger` repeats `service`; the time is that of the event, and the environment that of its receiver.
    dropped = len(given.keys() - kept.keys() - {"time", "logger", "environment"})
    if "message" not in kept:
        kept["message"] = OTHER_TEXT
        kept.setdefault("count", len(str(given["message"])))
    return {**kept, "dropped": dropped} if dropped else kept
