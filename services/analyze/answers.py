"""Writes the answers to `POST /analyze` and `GET /reports/{id}`, and reads how long the client waits.

A client says so by RFC 7240's `Prefer: wait=N` and `respond-async`.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from services.core.domain.errors import ReportFailed
from services.core.domain.report import UNFINISHED, Report, Status

if TYPE_CHECKING:
    from services.core.telemetry import Stages

# The gateway stops waiting after 30 s.
LONGEST_WAIT_S = 25
# A report that is being made takes seconds; one that waits for its model may take minutes.
_RETRY_AFTER_S = {Status.RUNNING: 5, Status.QUEUED: 30}
_WAIT = re.compile(r'\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?', re.IGNORECASE)
_ASYNC = re.compile(r"\s*respond-async\s*(?:;.*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Preference:
    """Seconds to wait; `applied` is the value of Preference-Applied, None if the client asked for nothing."""

    wait_s: float
    applied: str | None = None


def preference(headers: list[str], default_s: float) -> Preference:
    """Read all `Prefer` headers of a request; unknown preferences are ignored, as the RFC asks.

    A wait is cut to LONGEST_WAIT_S; the first of several counts.
    """
    wishes = [wish for header in headers for wish in header.split(",")]
    waits = [int(found[1]) for wish in wishes if (found := _WAIT.fullmatch(wish))]
    at_once = any(_ASYNC.fullmatch(wish) for wish in wishes)
    if not waits:
        return Preference(0.0, "respond-async") if at_once else Preference(default_s)
    wait = min(waits[0], LONGEST_WAIT_S)
    return Preference(float(wait), f"respond-async, wait={wait}" if at_once else f"wait={wait}")


class Answer:
    """The answer to one request: what the client prefers, then the report's status and headers."""

    def __init__(self, request: Request, response: Response, default_wait_s: float) -> None:
        self._response = response
        self._stages: Stages = request.state.stages
        self._preference = preference(request.headers.getlist("prefer"), default_wait_s)
        self._stages.awaited = self._preference.wait_s > 0

    def deadline(self) -> float:
        """Return when to stop waiting, in the event loop's time; counted from when the body had arrived."""
        left = self._preference.wait_s - self._stages.working_s
        return asyncio.get_running_loop().time() + max(0.0, left)

    def find(self, report: Report) -> None:
        """Answer GET: 200 with the report in any state."""
        headers = self._response.headers
        headers["Cache-Control"] = "no-store"
        if self._preference.applied is not None:
            headers["Preference-Applied"] = self._preference.applied
        if report.status in UNFINISHED:
            headers["Retry-After"] = str(_RETRY_AFTER_S[report.status])

    def submit(self, report: Report, *, replayed: bool) -> None:
        """Answer POST: 200 with the report, or 202 with its place; raises ReportFailed for a failed one."""
        if report.failure is not None:
            raise ReportFailed(report.id, report.failure.code, report.failure.reason)
        headers = self._response.headers
        headers["Vary"] = "Accept-Language"
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        if report.status in UNFINISHED:
            self._stages.awaited = False
            self._response.status_code = 202
            # Relative to the request's own address, of which a proxy may have changed all but the last part.
            headers["Location"] = f"reports/{report.id}"
        self.find(report)
