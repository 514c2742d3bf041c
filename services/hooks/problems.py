"""Where errors become HTTP here: RFC 9457 problem documents, as the service's own."""

import logging
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.core.domain import errors
from services.core.telemetry import log_context
from services.hooks.links import BeingTaken

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 30
# The first row whose class fits is taken; what is not in it is a mistake of ours.
_BY_ERROR: tuple[tuple[type[errors.VitrineError], int, str], ...] = (
    (errors.TooLarge, 413, "Too large"),
    (errors.InvalidInput, 422, "Invalid input"),
    (errors.SignatureInvalid, 401, "Signature invalid"),
    (errors.SigningKeysInvalid, 503, "Hooks unavailable"),
)
_MISTAKE = (500, "Internal error")
logger = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem document."""
    app.add_exception_handler(errors.VitrineError, _vitrine)
    app.add_exception_handler(HTTPException, _http)
    for kind in (BeingTaken, BotoCoreError, ClientError, TimeoutError):
        app.add_exception_handler(kind, _away)
    app.add_exception_handler(Exception, _unexpected)


def _vitrine(request: Request, raised: Exception) -> JSONResponse:
    error = cast("errors.VitrineError", raised)
    status, title = next(
        ((status, title) for kind, status, title in _BY_ERROR if isinstance(error, kind)), _MISTAKE
    )
    extra = {}
    if isinstance(error, errors.InvalidInput):
        extra = {"field": error.field, "remedy": error.remedy}
    if status == 503:
        # Which secret is wrong is the operator's business, not the sender's.
        logger.error(title, extra={"problem": str(error)})
        return _unavailable()
    logger.info("webhook refused", extra={"status": status, "reason": str(error)})
    return _answer(status, title, str(error), **extra)


def _http(request: Request, raised: Exception) -> JSONResponse:
    error = cast("HTTPException", raised)
    said = f"{request.method} {request.url.path}: {error.detail}"
    return _answer(error.status_code, error.detail, said, headers=error.headers)


def _away(request: Request, raised: Exception) -> JSONResponse:
    # Its text may name what is no log's business.
    logger.warning("webhook not taken", extra={"reason": _name(raised)})
    return _unavailable()


def _unavailable() -> JSONResponse:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return _answer(503, "Hooks unavailable", "nothing was taken; send it again", headers=headers)


def _unexpected(request: Request, raised: Exception) -> JSONResponse:
    return _answer(500, "Internal error", "the service made a mistake; it has been logged")


def _name(error: Exception) -> str:
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response.get('Error', {}).get('Code', 'unknown')}"
    return type(error).__name__


def _answer(status: int, title: str, detail: str, *, headers: Any = None, **extra: str) -> JSONResponse:
    problem = {
        "type": f"urn:vitrine:problem:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        **extra,
    }
    if trace_id := (log_context.get() or {}).get("trace_id"):
        problem["trace_id"] = trace_id
    return JSONResponse(problem, status, headers, MEDIA_TYPE)
