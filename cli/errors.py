"""The error of the commands, and what AWS's errors mean to their user.

Standard library only until an error of AWS is explained: local's doctor runs before anything is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from botocore.exceptions import ClientError

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
THROTTLED = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"}
THROTTLED |= {"RequestLimitExceeded", "SlowDown"}
# Expired credentials, or a region that is not enabled in the account.
UNACCEPTED = {"AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"}
UNACCEPTED |= {"SignatureDoesNotMatch", "UnrecognizedClientException"}


class UserError(Exception):
    """A command failed for a reason that its caller can act on.

    `str()` is one sentence about what failed; `hint` says what to do; `details` holds log lines, newest last.
    `exit_status` is 1 except where a command gives 1 another meaning.
    """

    exit_status = 1

    def __init__(self, message: str, *, hint: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.details = details


def code_of(error: ClientError) -> str:
    """Return AWS's code of an error, as in AccessDenied; of a HEAD request it is the status, as in 404."""
    return error.response.get("Error", {}).get("Code", "")


def is_mistake(error: Exception) -> bool:
    """Say whether botocore refused a call of ours before it was sent: no network or account mends that."""
    from botocore import exceptions as botocore_errors

    mistakes = ("ParamValidationError", "ValidationError", "DataNotFoundError", "OperationNotPageableError")
    return isinstance(error, tuple(getattr(botocore_errors, name) for name in mistakes))


def explain_aws(error: Exception) -> UserError | None:
    """Return AWS's refusal or silence as an error for the user; None for any other exception."""
    from boto3.exceptions import S3UploadFailedError
    from botocore.exceptions import BotoCoreError, ClientError

    hint = "Run `make doctor` with the same ENV."
    if isinstance(error, ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        return UserError(f"AWS refuses {error.operation_name}: {message}", hint=hint)
    if isinstance(error, BotoCoreError) and not is_mistake(error):
        return UserError(f"AWS does not answer: {error}", hint=hint)
    return UserError(str(error), hint=hint) if isinstance(error, S3UploadFailedError) else None


def unless_denied(check: Callable[[], str]) -> str:
    """Return what a check says; where the credentials may not make its call, a line that says so."""
    from botocore.exceptions import ClientError

    try:
        return check()
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        return f"! Not checked: these credentials may not call {error.operation_name}."
