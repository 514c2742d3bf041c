"""Following a report until it has ended, through the minutes in which gateway or endpoint wake up."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from client import api
from client.api import CallError, Posted, Refused, RequestTiming, Unreachable

# A VPC link that had no traffic for 60 days is made again within minutes; the gateway answers 503 meanwhile.
UNAVAILABLE_S = 300.0
# An endpoint at zero instances needs 5–10 minutes for its first answer.
WITHIN_S = 900.0
# How long the service holds a GET, and the pauses where an answer names none or an unreasonable one.
_HELD_S, _PAUSE_S, _LONGEST_PAUSE_S = 20, 5.0, 60.0
_UNFINISHED = ("queued", "running")
_UNAVAILABLE = 503
Answer = TypeVar("Answer")
Tell = Callable[[str], object]


class NotEnded(CallError):
    """The report is still unfinished after `seconds`; the text says what it waits for."""

    def __init__(self, document: dict[str, Any], seconds: float) -> None:
        waiting = f": {document['waiting']}" if document.get("waiting") else ""
        state = f"the report {document.get('id')} is still {document.get('status')}"
        super().__init__(f"{state} after {seconds:.0f} s{waiting}")


class ReportFailed(CallError):
    """The report ended as failed; the text is its reason."""


def retried(call: Callable[[], Answer], tell: Tell, within_s: float = UNAVAILABLE_S) -> Answer:
    """Return what a call that may be repeated answers; repeat it for `within_s` while nothing serves it.

    That is a 503, whose Retry-After is honoured, or no answer at all. `tell` is called before each pause.
    Raises the call's last error; a 503 that names a report is final.
    """
    until = time.monotonic() + within_s
    while True:
        try:
            return call()
        except (Refused, Unreachable) as error:
            pause = _pause(error)
            if pause is None or time.monotonic() + pause > until:
                raise
            tell(f"{error}; again in {pause:.0f} s")
        time.sleep(pause)


def follow(api_url: str, token: str, posted: Posted, tell: Tell, within_s: float = WITHIN_S) -> Posted:
    """Return the ended report of a 202 and its whole time; `tell` is called with its state before each read.

    Raises NotEnded after `within_s`, ReportFailed, and what the calls raise.
    """
    begun = time.monotonic()
    until = begun + within_s
    place, document = _place(api_url, posted), posted.report
    while document.get("status") in _UNFINISHED:
        left = until - time.monotonic()
        if left <= 0:
            raise NotEnded(document, within_s)
        tell(f"{document['status']}{': ' + document['waiting'] if document.get('waiting') else ''}")
        held_s = max(1, min(_HELD_S, int(left)))
        read = partial(api.read, place, token, held_s)
        document, pause = retried(read, tell, min(left, UNAVAILABLE_S))
        if document.get("status") in _UNFINISHED:
            time.sleep(min(pause or _PAUSE_S, max(0.0, until - time.monotonic())))
    if document.get("status") == "failed":
        failure = document.get("failure") or {}
        raise ReportFailed(f"{failure.get('code', 'failed')}: {failure.get('reason', 'no reason given')}")
    total_ms = posted.timing.total_ms + (time.monotonic() - begun) * 1000
    stages = {name: ms for name, ms in (document.get("timings_ms") or {}).items() if ms is not None}
    return Posted(document, RequestTiming(stages, total_ms))


def _pause(error: Refused | Unreachable) -> float | None:
    """The seconds after which a repetition may succeed; None for an error that stays."""
    if isinstance(error, Unreachable):
        return _PAUSE_S
    if error.status != _UNAVAILABLE or error.report_id is not None:
        return None
    return min(error.retry_after_s or _PAUSE_S, _LONGEST_PAUSE_S)


def _place(api_url: str, posted: Posted) -> str:
    if not posted.location:
        raise CallError("the answer 202 has no Location")
    place = urljoin(f"{api_url}/analyze", posted.location)
    # The token goes there too.
    if urlsplit(place)[:2] != urlsplit(api_url)[:2]:
        raise CallError(f"the answer 202 names another host: {place}")
    return place
