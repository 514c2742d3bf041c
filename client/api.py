"""The calls of a user: sign in, post photos; correct, word again or erase a report.

Each raises Unreachable or Refused.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

GOAL_S = 10.0
_STAGE = re.compile(r"([a-z]+)\s*;\s*dur=([0-9]{1,9}(?:\.[0-9]{1,9})?)(?![0-9.])", re.ASCII)
# The form's fields for photos and for the languages of the report.
IMAGES, LANGUAGES = "images", "languages"
# API Gateway ends every request after 30 s; a little more lets its own answer arrive.
_TIMEOUT_S = 35.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class CallError(Exception):
    """A call failed; its text says how."""


class Unreachable(CallError):
    """There was no answer from `address`; `reason` names the error."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address} does not answer ({reason})")
        self.address = address
        self.reason = reason


class Refused(CallError):
    """Another status than the expected one: a problem document, or the gateway's or the issuer's own words.

    `remedies` are whole sentences; `facts` identify the request, as in "trace_id 4bf9…".
    """

    def __init__(self, who: str, answer: httpx2.Response) -> None:
        said = _said(answer)
        self.status = answer.status_code
        self.detail: str = said.get("detail") or said.get("message") or said.get("msg") or "no reason given"
        self.remedies = [f"{said['remedy'].rstrip('.')}."] if said.get("remedy") else []
        self.retry_after_s = _seconds(answer)
        if after := answer.headers.get("retry-after"):
            self.remedies.append(f"Try again in {after} s.")
        self.report_id: str | None = said.get("report")
        self.facts = [f"{name} {said[name]}" for name in ("report", "trace_id") if said.get(name)]
        title = f"{said['title']} ({self.status})" if said.get("title") else f"{who} answered {self.status}"
        super().__init__(f"{title}: {self.detail}")


@dataclass(frozen=True)
class RequestTiming:
    """Milliseconds: of each stage as the service measured it, of the whole as the caller did."""

    stages_ms: dict[str, float]
    total_ms: float

    @classmethod
    def of(cls, server_timing: str, total_ms: float) -> "RequestTiming":
        """Read the stages from a Server-Timing header; what it does not hold is left out."""
        return cls({name: float(ms) for name, ms in _STAGE.findall(server_timing)}, total_ms)

    @property
    def rest_ms(self) -> float:
        """The time outside of the stages: the network and the gateway."""
        return max(self.total_ms - sum(self.stages_ms.values()), 0.0)

    @property
    def kept(self) -> bool:
        """Whether the request was within its goal."""
        return self.total_ms <= GOAL_S * 1000

    @property
    def verdict(self) -> str:
        """The goal, and whether the request met it."""
        return "within the goal of 5–10 s" if self.kept else "over the goal of 5–10 s"


@dataclass(frozen=True)
class Posted:
    """The answer to photos: the report, and where an unfinished one (202) will be, as the service says it."""

    report: dict[str, Any]
    timing: RequestTiming
    location: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the report is complete."""
        return self.location is None


def sign_in(supabase_url: str, publishable_key: str, email: str, password: str) -> str:
    """Return an access token by Supabase's password grant."""
    answer = _call(
        "POST",
        f"{supabase_url}/auth/v1/token",
        params={"grant_type": "password"},
        headers={"apikey": publishable_key},
        json={"email": email, "password": password},
    )
    said = _document(answer) or {}
    if answer.status_code != 200 or not isinstance(token := said.get("access_token"), str):
        raise Refused("The identity issuer", answer)
    return token


def post(
    api_url: str,
    token: str,
    photos: Sequence[tuple[str, bytes]],
    *,
    key: str | None = None,
    wait: bool = True,
    languages: Sequence[str] = (),
) -> Posted:
    """Post photos, given as names and contents; the answer is their report, or where it will be.

    With the same idempotency `key`, a repetition returns the same report. Without `wait` the service answers
    at once. Without `languages` the report is in English and in the languages of the service's settings.
    """
    headers = _bearer(token) | ({"Idempotency-Key": key} if key else {})
    headers |= {} if wait else {"Prefer": "respond-async"}
    begun = time.perf_counter()
    files, data = [(IMAGES, photo) for photo in photos], {LANGUAGES: list(languages)}
    answer = _call("POST", f"{api_url}/analyze", headers=headers, files=files, data=data)
    total_ms = (time.perf_counter() - begun) * 1000
    report = _document(answer)
    if answer.status_code not in (200, 202) or report is None:
        raise Refused("The gateway", answer)
    timing = RequestTiming.of(answer.headers.get("server-timing", ""), total_ms)
    return Posted(report, timing, answer.headers.get("location", "") if answer.status_code == 202 else None)


def read(url: str, token: str, wait_s: int) -> tuple[dict[str, Any], int | None]:
    """Return a report that may take `wait_s` to end, and the seconds after which to ask again."""
    answer = _call("GET", url, headers={**_bearer(token), "Prefer": f"wait={wait_s}"})
    report = _document(answer)
    if answer.status_code != 200 or report is None:
        raise Refused("The gateway", answer)
    return report, _seconds(answer)


def correct(api_url: str, token: str, report_id: str, patch: dict[str, Any]) -> dict[str, Any]:
    """Correct a report by a JSON merge patch, and return it; null removes a correction."""
    return _changed("PATCH", f"{api_url}/reports/{report_id}", token, json=patch)


def word(api_url: str, token: str, report_id: str) -> dict[str, Any]:
    """Have the LLM word a report again from its corrected facts, and return it."""
    return _changed("POST", f"{api_url}/reports/{report_id}/wording", token)


def erase(api_url: str, token: str, report_id: str) -> dict[str, Any]:
    """Erase a report and its photos; returns the receipt, which says which copies go later."""
    return _changed("DELETE", f"{api_url}/reports/{report_id}", token)


def _changed(method: str, url: str, token: str, **content: Any) -> dict[str, Any]:
    answer = _call(method, url, headers=_bearer(token), **content)
    document = _document(answer)
    if answer.status_code != 200 or document is None:
        raise Refused("The gateway", answer)
    return document


def status_without_token(api_url: str) -> int:
    """Return the gateway's status for a request without a token."""
    return _call("POST", f"{api_url}/analyze").status_code


def status_with_token(api_url: str, token: str) -> int:
    """Return the gateway's status for a request with a token and no photo."""
    return _call("POST", f"{api_url}/analyze", headers=_bearer(token)).status_code


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _call(method: str, url: str, **content: Any) -> httpx2.Response:
    host = urlsplit(url).hostname
    # A proxy cannot reach this machine's own addresses.
    with httpx2.Client(trust_env=host not in _LOOPBACK, timeout=_TIMEOUT_S) as client:
        try:
            return client.request(method, url, **content)
        except httpx2.TransportError as error:
            raise Unreachable(url, type(error).__name__) from error


def _seconds(answer: httpx2.Response) -> int | None:
    """The seconds of Retry-After; None where it is absent or a date."""
    after = answer.headers.get("retry-after", "")
    return int(after) if re.fullmatch(r"[0-9]{1,6}", after) else None


def _said(answer: httpx2.Response) -> dict[str, str]:
    said = _document(answer)
    if said is None:
        return {"detail": answer.text.strip()[:300] or "nothing"}
    return {name: value for name, value in said.items() if isinstance(value, str)}


def _document(answer: httpx2.Response) -> dict[str, Any] | None:
    """The answer's JSON object, None if it is none."""
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
