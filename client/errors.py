"""Failed calls, in the words of the server that answered."""

from typing import Any

import httpx2


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
        if after := answer.headers.get("retry-after"):
            self.remedies.append(f"Try again in {after} s.")
        self.report_id: str | None = said.get("report")
        self.facts = [f"{name} {said[name]}" for name in ("report", "trace_id") if said.get(name)]
        title = f"{said['title']} ({self.status})" if said.get("title") else f"{who} answered {self.status}"
        super().__init__(f"{title}: {self.detail}")


def _said(answer: httpx2.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {"detail": answer.text.strip()[:300] or "nothing"}
