"""The calls of a user: sign in, post photos, erase a report. Each raises Unreachable or Refused."""

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2

from client.errors import Refused, Unreachable
from client.timing import Timing

# The form's field for photos.
IMAGES = "images"
# API Gateway ends every request after 30 s; a little more lets its own answer arrive.
_TIMEOUT_S = 35.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def sign_in(supabase_url: str, publishable_key: str, email: str, password: str) -> str:
    """Return an access token by Supabase's password grant."""
    answer = _call(
        "POST",
        f"{supabase_url}/auth/v1/token",
        params={"grant_type": "password"},
        headers={"apikey": publishable_key},
        json={"email": email, "password": password},
    )
    if answer.status_code != 200:
        raise Refused("The identity issuer", answer)
    token: str = answer.json()["access_token"]
    return token


def post(api_url: str, token: str, photos: Sequence[tuple[str, bytes]]) -> tuple[dict[str, Any], Timing]:
    """Return the report of the photos, given as names and contents, and the time of its stages."""
    begun = time.perf_counter()
    answer = _call(
        "POST", f"{api_url}/analyze", headers=_bearer(token), files=[(IMAGES, photo) for photo in photos]
    )
    total_ms = (time.perf_counter() - begun) * 1000
    if answer.status_code != 200:
        raise Refused("The gateway", answer)
    report: dict[str, Any] = answer.json()
    return report, Timing.of(answer.headers.get("server-timing", ""), total_ms)


def erase(api_url: str, token: str, report_id: str) -> None:
    """Erase a report and its photos."""
    answer = _call("DELETE", f"{api_url}/reports/{report_id}", headers=_bearer(token))
    if answer.status_code != 204:
        raise Refused("The gateway", answer)


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
