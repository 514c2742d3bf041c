"""How long a client wants to wait: RFC 7240's `Prefer: respond-async` and `wait=N`, and what is applied."""

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from services.core.telemetry import Stages

# The gateway gives a request up after 30 s.
LONGEST_WAIT_S = 25
_WAIT = re.compile(r'\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?', re.IGNORECASE)
_ASYNC = re.compile(r"\s*respond-async\s*(?:;.*)?", re.IGNORECASE)


def apply(request: Request, response: Response, default_s: float) -> float:
    """Until when to wait, in the event loop's time, from when the body was here; says what is applied."""
    stages: Stages = request.state.stages
    wish = preference(request.headers.getlist("prefer"), default_s)
    if wish.applied is not None:
        response.headers["Preference-Applied"] = wish.applied
    return asyncio.get_running_loop().time() + max(0.0, wish.wait_s - stages.working_s)


@dataclass(frozen=True)
class Preference:
    """Seconds to wait; `applied` is what the answer says of the client's wish, None when it had none."""

    wait_s: float
    applied: str | None = None


def preference(headers: list[str], default_s: float) -> Preference:
    """Read all `Prefer` headers of a request; what is not understood is passed over, as the RFC asks.

    A wait longer than LONGEST_WAIT_S is cut to it; the first of several counts.
    """
    wishes = [wish for header in headers for wish in header.split(",")]
    waits = [int(found[1]) for wish in wishes if (found := _WAIT.fullmatch(wish))]
    at_once = any(_ASYNC.fullmatch(wish) for wish in wishes)
    if not waits:
        return Preference(0.0, "respond-async") if at_once else Preference(default_s)
    wait = min(waits[0], LONGEST_WAIT_S)
    return Preference(float(wait), f"respond-async, wait={wait}" if at_once else f"wait={wait}")
