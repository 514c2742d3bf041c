"""Log lines of the services, as their readers need them: parsed, and chosen by trace, report or user."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.errors import UserError

Line = Mapping[str, Any]
ENDED = "report ended"
# The access log of the gateway has no line that is written by a service; it joins them by the request.
_GATEWAY = ("request_id", "time_ms", "latency_ms")
_FORMS = {
    "trace": (r"[0-9a-f]{32}", "32 hexadecimal digits"),
    "report": (r"[0-9A-HJKMNP-TV-Z]{26}", "26 letters and digits, as in a report's address"),
    "user": (
        r"[0-9a-f]{16}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "a user's id, as in auth.users, or the 16 digits of a log line",
    ),
}


@dataclass(frozen=True)
class Wanted:
    """Which lines to show: those of a trace or a report, or the ended reports of a user or of all."""

    trace: str | None = None
    report: str | None = None
    user: str | None = None
    slower_than_s: float | None = None
    failed: bool = False

    def __post_init__(self) -> None:
        """Raise UserError for a value that cannot be in any line."""
        for name, (form, said) in _FORMS.items():
            value = getattr(self, name)
            if value is not None and not re.fullmatch(form, value):
                raise UserError(f"{value!r} is no {name}.", hint=f"A {name} is {said}.")
        if self.trace and self.report:
            raise UserError("A trace and a report were named.", hint="Name one of them.")

    @property
    def is_story(self) -> bool:
        """Whether every line of a few hops is wanted, and not one line per report."""
        return self.trace is not None or self.report is not None


def parse(text: str) -> Line | None:
    """Return the line in a text, before which another program may have put something; None without one."""
    at = text.find("{")
    try:
        found = json.loads(text[at:]) if at >= 0 else None
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    if all(name in found for name in _GATEWAY):
        return _of_gateway(found)
    return found if _moment(found) is not None and isinstance(found.get("message"), str) else None


def each_once(lines: Iterable[Line]) -> list[Line]:
    """Return each line once: of those of an Edge Function, the one with the `event` that brought it."""
    known = list(lines)
    arrived = {_identity(line): line for line in known if "event" in line}
    return [line for line in known if arrived.get(_identity(line), line) is line]


def _identity(line: Line) -> tuple[object, ...]:
    # An event has a time of its own, and a line of a function's runtime is in no span.
    return line.get("service"), line.get("message"), line.get("span") or line.get("event")


def ended_at(line: Line) -> datetime:
    """When the line was written, which is when what it tells of had ended."""
    moment = _moment(line)
    if moment is None:
        raise ValueError("the line has no time")
    return moment


def began_at(line: Line) -> datetime:
    """When what the line tells of began."""
    return ended_at(line) - timedelta(milliseconds=duration_ms(line) or 0.0)


def duration_ms(line: Line) -> float | None:
    """How long what the line tells of took; None if it does not say so."""
    value = line.get("duration_ms")
    return float(value) if isinstance(value, int | float) and value >= 0 else None


def story(lines: Iterable[Line], wanted: Wanted) -> list[Line]:
    """The lines of a trace, or of all traces of a report, in order; with those of the same requests."""
    known = list(lines)
    named = [line for line in known if _is(line, "trace", wanted.trace) or _is(line, "report", wanted.report)]
    traces = {line["trace"] for line in named if "trace" in line}
    if wanted.report is not None:
        # An erasure, or a read by its owner, is another story than how the report was made.
        made = {line["trace"] for line in named if line.get("message") == ENDED and "trace" in line}
        traces = made or traces
    told = [line for line in known if line.get("trace") in traces]
    requests = {line["request"] for line in told if "request" in line}
    chosen = [
        line
        for line in known
        if line.get("trace") in traces or ("trace" not in line and line.get("request") in requests)
    ]
    return sorted(chosen or named, key=ended_at)


def ended(lines: Iterable[Line], wanted: Wanted) -> list[Line]:
    """The lines of the ended reports that are wanted, the slowest first."""
    least_ms = 1000 * (wanted.slower_than_s or 0.0)
    chosen = [
        line
        for line in lines
        if line.get("message") == ENDED
        and (wanted.user is None or line.get("user") == wanted.user)
        and (duration_ms(line) or 0.0) >= least_ms
        and (line.get("outcome") == "failed" or not wanted.failed)
    ]
    return sorted(chosen, key=lambda line: duration_ms(line) or 0.0, reverse=True)


def _is(line: Line, name: str, value: str | None) -> bool:
    return value is not None and line.get(name) == value


def _moment(line: Line) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(line.get("time")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _of_gateway(record: Mapping[str, Any]) -> Line | None:
    try:
        began, took = float(record["time_ms"]), float(record["latency_ms"])
        return {
            "time": datetime.fromtimestamp((began + took) / 1000, UTC).isoformat(),
            "service": "gateway",
            "message": "request",
            "request": str(record["request_id"]),
            "route": str(record.get("route", "")),
            "status": int(record.get("status", 0)),
            "duration_ms": took,
        }
    except (ValueError, OverflowError, TypeError):
        # API Gateway writes "-" for what it does not know.
        return None


def total_usd(lines: Sequence[Line]) -> tuple[float, int]:
    """What these reports cost, and how many of them do not say it."""
    costs = [float(cost) for line in lines if isinstance(cost := line.get("cost_usd"), int | float)]
    return sum(costs), len(lines) - len(costs)
