"""The one place where errors become HTTP: RFC 9457 problem documents."""

import logging
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.core.domain import errors
from services.core.telemetry import log_context

MEDIA_TYPE = "application/problem+json"
STORE_RETRY_AFTER_S = 5
# The first row whose class fits is taken: special cases before general ones.
_BY_ERROR: tuple[tuple[type[errors.VitrineError], int, str], ...] = (
    (errors.UnsupportedMedia, 415, "Unsupported media"),
    (errors.TooLarge, 413, "Too large"),
    (errors.InvalidInput, 422, "Invalid input"),
    (errors.Unauthenticated, 401, "Not authenticated"),
    (errors.KeysUnavailable, 503, "Identity provider unavailable"),
    (errors.QuotaExceeded, 429, "Quota exceeded"),
    (errors.ReportNotFound, 404, "Report not found"),
    (errors.KeyReused, 422, "Idempotency key reused"),
    (errors.ReportInProgress, 409, "Report in progress"),
    (errors.LeaseLost, 409, "Report in progress"),
    (errors.ReportFailed, 502, "Report failed"),
    (errors.ModelFault, 502, "Model fault"),
    (errors.SigningKeysInvalid, 500, "Internal error"),
)
_BY_FAILURE = {"internal_error": 500, "invalid_input": 422}
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


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem document."""
    app.add_exception_handler(errors.VitrineError, _vitrine)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientError, _store)
    app.add_exception_handler(BotoCoreError, _store)
    app.add_exception_handler(Exception, _unexpected)


def _vitrine(request: Request, raised: Exception) -> JSONResponse:
    error = cast("errors.VitrineError", raised)
    status, title = next((status, title) for kind, status, title in _BY_ERROR if isinstance(error, kind))
    headers: dict[str, str] = {}
    extra: dict[str, Any] = {}
    match error:
        case errors.InvalidInput():
            extra = {"field": error.field, "remedy": error.remedy}
        case errors.Unauthenticated():
            headers["WWW-Authenticate"] = "Bearer"
        case errors.QuotaExceeded():
            headers["Retry-After"] = str(error.resets_in)
        case errors.ReportFailed():
            status = _BY_FAILURE.get(error.code, status)
            extra = {"report": error.report_id, "code": error.code}
        case errors.ReportInProgress():
            headers["Retry-After"] = "2"
            extra = {"report": error.report_id}
        case errors.KeysUnavailable():
            headers["Retry-After"] = "30"
    if status >= 500:
        logger.warning(title, extra={"problem": str(error), "cause": repr(type(error.__cause__).__name__)})
    return _answer(status, title, str(error), headers, **extra)


def _validation(request: Request, raised: Exception) -> JSONResponse:
    first = cast("RequestValidationError", raised).errors()[0]
    field = str(first["loc"][-1])
    return _answer(422, "Invalid input", f"{field}: {first['msg']}", field=field)


def _http(request: Request, raised: Exception) -> JSONResponse:
    error = cast("HTTPException", raised)
    return _answer(
        error.status_code, error.detail, f"{request.method} {request.url.path}: {error.detail}", error.headers
    )


def _store(request: Request, raised: Exception) -> JSONResponse:
    logger.error("a store does not answer", exc_info=raised)
    headers = {"Retry-After": str(STORE_RETRY_AFTER_S)}
    return _answer(503, "Storage unavailable", "the report store does not answer; try again", headers)


def _unexpected(request: Request, raised: Exception) -> JSONResponse:
    # The middleware that catches this logs the traceback; the client gets none of it.
    return _answer(500, "Internal error", "the service made a mistake; it has been logged")


def _answer(
    status: int,
    title: str,
    detail: str,
    headers: Any = None,
    field: str | None = None,
    remedy: str | None = None,
    report: str | None = None,
    code: str | None = None,
) -> JSONResponse:
    problem = Problem(
        type=f"urn:vitrine:problem:{title.lower().replace(' ', '-')}",
        title=title,
        status=status,
        detail=detail,
        field=field,
        remedy=remedy,
        report=report,
        code=code,
        trace_id=(log_context.get() or {}).get("trace_id"),
    )
    return JSONResponse(problem.model_dump(exclude_none=True), status, headers, MEDIA_TYPE)
