"""What a look at the account found; and how a look that AWS does not answer becomes a finding too."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
}
# Credentials that were good once, or a region that the account has not switched on.
UNACCEPTED = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


class Level(StrEnum):
    """How grave a finding is. Only a failure keeps an environment from being deployed."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Finding:
    """What one look found about its subject; whatever is not well has a hint."""

    level: Level
    subject: str
    text: str
    hint: str = ""


def well(subject: str, text: str) -> Finding:
    """Return what is as it should be."""
    return Finding(Level.OK, subject, text)


def warning(subject: str, text: str, hint: str) -> Finding:
    """Return what lets a deployment through, and may bite later."""
    return Finding(Level.WARNING, subject, text, hint)


def failure(subject: str, text: str, hint: str) -> Finding:
    """Return what a deployment would fail at."""
    return Finding(Level.FAILURE, subject, text, hint)


def look(subject: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """Return what a check finds; where AWS does not answer it, a finding that says so."""
    found: list[Finding] = []
    try:
        for finding in check():
            found.append(finding)  # noqa: PERF402 what was found before an error counts
    except ClientError as error:
        found.append(_refused(subject, error))
    except BotoCoreError as error:
        found.append(
            failure(subject, f"AWS does not answer: {error}.", "Check the network and the credentials.")
        )
    return found


def unless_denied(ask: Callable[[], str]) -> str:
    """Return what a question's answer says; where these credentials may not ask, that."""
    try:
        return ask()
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        return f"! Not looked at: these credentials may not call {error.operation_name}."


def code_of(error: ClientError) -> str:
    """Return AWS's code of an error, as in AccessDenied; of a HEAD request it is the status, as in 404."""
    return error.response.get("Error", {}).get("Code", "")


def _refused(subject: str, error: ClientError) -> Finding:
    code, operation = code_of(error), error.operation_name
    if code in DENIED:
        return warning(
            subject,
            f"not looked at: these credentials may not call {operation}.",
            f"Allow them {operation}, or look yourself.",
        )
    if code in THROTTLED:
        return warning(subject, f"not looked at: AWS throttled {operation}.", "Look again in a minute.")
    if code in UNACCEPTED:
        return failure(
            subject,
            f"AWS does not accept these credentials here ({code}).",
            "Sign in again. Where they are fresh: switch the region on in the account's settings.",
        )
    return warning(
        subject,
        f"not looked at: {operation} answered {code or error}.",
        "Look again; if it stays, look yourself.",
    )
