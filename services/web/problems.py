"""Answers errors as RFC 9457 problem documents, in every service that speaks HTTP."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match

from services.core.aws import CALL_ERRORS, failed_call
from services.core.domain import errors
from services.web.trace import trace_id

MEDIA_TYPE = "application/problem+json"
# The first row whose class fits applies: special cases before general ones.
_BY_ERROR: tuple[tuple[type[errors.VitrineError], int, str], ...] = (
    (errors.UnsupportedMedia, 415, "Unsupported media"),
    (errors.TooLarge, 413, "Too large"),
    (errors.InvalidInput, 422, "Invalid input"),
    (errors.SignatureInvalid, 401, "Signature invalid"),
    (errors.Unauthenticated, 401, "Not authenticated"),
    (errors.UserNotAllowed, 403, "User not allowed"),
    (errors.KeysUnavailable, 503, "Identity provider unavailable"),
    (errors.Busy, 503, "Busy"),
    (errors.QuotaExceeded, 429, "Quota exceeded"),
    (errors.ReportNotFound, 404, "Report not found"),
    (errors.KeyReused, 422, "Idempotency key reused"),
    (errors.ReportInProgress, 409, "Report in progress"),
    (errors.LeaseLost, 409, "Report in progress"),
    (errors.WordingRefused, 409, "Wording refused"),
    (errors.ReportNotCorrectable, 409, "Report not correctable"),
    (errors.ReportFailed, 502, "Report failed"),
    (errors.ModelFault, 502, "Model fault"),
)
_BY_FAILURE = {"internal_error": 500, "invalid_input": 422}
# What a value has to look like, by the pattern that it failed: no client is shown a regular expression.
_AN_ID = "an id as this API gives it, 26 characters such as 01ARZ3NDEKTSV4RRFFQ69G5FAV"
_FORMS = {
    r"^[0-9A-HJKMNP-TV-Z]{26}$": _AN_ID,
    r"^[0-9A-Z]{26}$": _AN_ID,
    r"^[0-9A-HJKMNP-TV-Z]{26}(,[0-9A-HJKMNP-TV-Z]{26}){0,99}$": "1 to 100 ids as this API gives them, with "
    "commas between them",
    r"^[a-z0-9]+(_[a-z0-9]+)*$": "an id of the catalogue, such as running_shoe",
    r"^[\x21-\x7e]+$": "printable ASCII characters without spaces, such as a UUID",
}
logger = logging.getLogger(__name__)


class Problem(BaseModel):
    """An error a person can act on."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    remedy: str | None = None
    report: str | None = None
    code: str | None = None
    trace_id: str | None = None


@dataclass(frozen=True)
class Unavailable:
    """The 503 of a service while AWS or its secret cannot be used."""

    title: str
    detail: str
    retry_after_s: int

    def answer(self, request: Request, error: Exception) -> JSONResponse:
        """Answer a failed call, or a secret that holds no keys. The log names it, the answer does not."""
        reason = str(error) if isinstance(error, errors.SigningKeysInvalid) else failed_call(error)
        logger.error("unavailable", extra={"reason": reason})
        return _answer(503, self.title, self.detail, {"Retry-After": str(self.retry_after_s)})


def install(app: FastAPI, unavailable: Unavailable) -> None:
    """Answer every error of `app` as a problem document."""
    handlers: dict[type[Exception], Callable[[Request, Exception], JSONResponse]] = {
        errors.VitrineError: _vitrine,
        RequestValidationError: _parameter,
        HTTPException: _http,
        Exception: _unexpected,
        **dict.fromkeys((errors.SigningKeysInvalid, *CALL_ERRORS), unavailable.answer),
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def invalid_input(error: ValidationError, remedy: str) -> errors.InvalidInput:
    """Return pydantic's error about a body as the first field that is wrong."""
    field, message = _first(error.errors(include_input=False, include_url=False))
    return errors.InvalidInput(field or "body", message, remedy)


def _first(faults: Sequence[Any], skip: int = 0) -> tuple[str, str]:
    fault = faults[0]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"][skip:])
    message = fault["msg"]
    if fault["type"] == "string_pattern_mismatch":
        form = _FORMS.get(fault.get("ctx", {}).get("pattern", ""), "a text of another form")
        message = f"should be {form}"
    return path.removeprefix("."), message


def _vitrine(request: Request, raised: Exception) -> JSONResponse:
    error = cast("errors.VitrineError", raised)
    status, title = next((status, title) for kind, status, title in _BY_ERROR if isinstance(error, kind))
    headers: dict[str, str] = {}
    extra: dict[str, Any] = {}
    match error:
        case errors.InvalidInput():
            extra = {"field": error.field, "remedy": error.remedy}
        case errors.SignatureInvalid():
            pass  # no header asks for a signature
        case errors.Unauthenticated():
            headers["WWW-Authenticate"] = "Bearer"
        case errors.Busy():
            headers["Retry-After"] = str(error.retry_after_s)
        case errors.QuotaExceeded():
            headers["Retry-After"] = str(error.resets_in)
        case errors.ReportFailed():
            status = _BY_FAILURE.get(error.code, status)
            extra = {"report": error.report_id, "code": error.code}
        case errors.ReportNotFound():
            extra = {"report": error.report_id}
        case errors.ReportInProgress():
            headers["Retry-After"] = "2"
            extra = {"report": error.report_id}
        case errors.ReportNotCorrectable(retry_after_s=int(seconds)):
            headers["Retry-After"] = str(seconds)
        case errors.KeysUnavailable():
            headers["Retry-After"] = "30"
    if status >= 500:
        logger.warning(title, extra={"reason": str(error), "error": _cause(error)})
    return _answer(status, title, str(error), headers, **extra)


def _cause(error: Exception) -> str:
    return type(error.__cause__ or error).__name__


def _parameter(request: Request, raised: Exception) -> JSONResponse:
    # The first part of the place says where the parameter is: in the path, the query or a header.
    field, message = _first(cast("RequestValidationError", raised).errors(), skip=1)
    return _answer(422, "Invalid input", f"{field}: {message}", field=field)


def _http(request: Request, raised: Exception) -> JSONResponse:
    error = cast("HTTPException", raised)
    detail = f"{request.method} {request.url.path}: {error.detail}"
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(_methods(request))}
    return _answer(error.status_code, error.detail, detail, headers)


def _methods(request: Request) -> list[str]:
    """The methods of this path; the error itself names those of one route, and a path may have several."""
    scopes = {
        method: {**request.scope, "method": method} for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
    }
    routes = request.app.routes
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in routes)
    ]


def _unexpected(request: Request, raised: Exception) -> JSONResponse:
    # The middleware that catches this logs the traceback; the client gets none of it.
    return _answer(500, "Internal error", "the service made a mistake; it has been logged")


def _answer(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, **extra: str | None
) -> JSONResponse:
    problem = Problem(
        type=f"urn:vitrine:problem:{title.lower().replace(' ', '-')}",
        title=title,
        status=status,
        detail=detail,
        trace_id=trace_id(),
        **extra,
    )
    return JSONResponse(problem.model_dump(exclude_none=True), status, headers, MEDIA_TYPE)
