"""What PostHog's refusals and silences mean to the user of a command, and what mends them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx2

from cli.errors import UserError

if TYPE_CHECKING:
    from settings.schema import PostHog

KEY = "POSTHOG_PERSONAL_API_KEY"
SCOPES = ("dashboard:write", "insight:write", "alert:write", "user:read", "query:read")
_MISSING_SCOPE = re.compile(r"missing required scope '([a-z_]+:[a-z]+)'")
_LONGEST = 300
_AGAIN = "Then run the same command again: it continues."


class RefusedError(UserError):
    """PostHog refused a request. `attr` is the field at fault, or ""; `detail` is PostHog's sentence."""

    def __init__(self, message: str, *, hint: str, status: int, attr: str = "", detail: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.attr = attr
        self.detail = detail


def refusal(settings: PostHog, answer: httpx2.Response, doing: str) -> RefusedError:
    """Return the error of an answer that is not a success; `doing` is what was asked, as in "list alerts"."""
    status, body = answer.status_code, _body(answer)
    detail, attr = _text(body.get("detail")), _text(body.get("attr"))
    message, hint = _explained(settings, answer, doing, detail, attr)
    return RefusedError(message, hint=hint, status=status, attr=attr, detail=detail)


def _explained(
    settings: PostHog, answer: httpx2.Response, doing: str, detail: str, attr: str
) -> tuple[str, str]:
    status, url = answer.status_code, settings.api_url
    if status == 401:
        region = f" A key is known in its region alone: posthog.region is {settings.region}."
        hint = make_key(settings) + ("" if settings.host else region)
        return f"PostHog does not accept {KEY} at {url}.", hint
    if status == 403 and (scope := _MISSING_SCOPE.search(detail)):
        return f"{KEY} lacks the scope {scope[1]}, so that it may not {doing}.", make_key(settings)
    if status == 403:
        hint = f"The owner of {KEY} needs the right to edit in project {settings.project_id}."
        return f"PostHog does not let {KEY} {doing}: {detail or 'no reason given'}", hint
    if status == 404 and detail and "project" not in detail.lower():
        return f"PostHog has no such object to {doing}: it was deleted meanwhile.", _AGAIN
    if status == 404 and detail:
        return (
            f"There is no project {settings.project_id} at {url} that {KEY} opens.",
            "Set posthog.project_id to the number in the project's URL, and give the key access to it.",
        )
    if status == 400:
        about = f"the field {attr}: {detail}" if attr else detail or "no reason given"
        return f"PostHog refuses to {doing}: {about}", _mended(detail)
    if status == 429:
        wait = answer.headers.get("Retry-After", "")
        waited = f"{wait} seconds" if wait.isdigit() else "a minute"
        return "PostHog gets too many requests from this project.", f"Wait {waited}. {_AGAIN}"
    if status >= 500:
        return f"PostHog answers {status} to: {doing}.", f"Wait some minutes. {_AGAIN}"
    return f"{url} answers {status} to: {doing}. It is not PostHog's API.", wrong_host(settings)


def silence(settings: PostHog, error: httpx2.TransportError) -> UserError:
    """Return the error of a request without an answer."""
    url = settings.api_url
    if isinstance(error, httpx2.TimeoutException):
        return UserError(f"{url} does not answer in time.", hint=f"Wait some minutes. {_AGAIN}")
    return UserError(f"{url} cannot be reached: {type(error).__name__}.", hint=wrong_host(settings))


def undocumented(settings: PostHog, doing: str, where: str) -> UserError:
    """Return the error of a success whose content is not as documented; `where` says what is wrong."""
    return UserError(
        f"The answer of {settings.api_url} to: {doing}, is not PostHog's: {where}.", hint=wrong_host(settings)
    )


def make_key(settings: PostHog) -> str:
    """Return how a personal key with all scopes is made."""
    return (
        f"Make a personal API key at {settings.api_url}/settings/user-api-keys with the scopes "
        f"{', '.join(SCOPES)}, and set {KEY} to it."
    )


def wrong_host(settings: PostHog) -> str:
    """Return what to check where the host may be the wrong one."""
    if settings.host is None:
        return "Check the network."
    return "Check the network, and that posthog.host is the origin of your own PostHog."


def _mended(detail: str) -> str:
    if "not enabled for your account" in detail:
        return (
            "Ask PostHog's support to enable alerts on SQL insights for the organization. Until then "
            "CloudWatch's alarms watch alone."
        )
    return "PostHog's API has changed, or its plan does not have this. Nothing after it was changed."


def _body(answer: httpx2.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: object) -> str:
    """A sentence of PostHog's, of bounded length and without characters that move a terminal's cursor."""
    text = value if isinstance(value, str) else ""
    return "".join(sign for sign in text if sign.isprintable())[:_LONGEST]
