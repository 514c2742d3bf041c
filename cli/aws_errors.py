"""What AWS's errors mean to the user of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
}
# Expired credentials, or a region that is not enabled in the account.
UNACCEPTED = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


def code_of(error: ClientError) -> str:
    """Return AWS's code of an error, as in AccessDenied; of a HEAD request it is the status, as in 404."""
    return error.response.get("Error", {}).get("Code", "")


def explain(error: Exception) -> UserError | None:
    """Return AWS's refusal or silence as an error for the user; None for any other exception."""
    hint = "Run `make doctor` with the same ENV."
    if isinstance(error, ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        return UserError(f"AWS refuses {error.operation_name}: {message}", hint=hint)
    if isinstance(error, BotoCoreError):
        return UserError(f"AWS does not answer: {error}", hint=hint)
    if isinstance(error, S3UploadFailedError):  # boto3's wrapping of a ClientError
        return UserError(str(error), hint=hint)
    return None


def unless_denied(check: Callable[[], str]) -> str:
    """Return what a check says; where the credentials may not make its call, a line that says so."""
    try:
        return check()
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        return f"! Not checked: these credentials may not call {error.operation_name}."
