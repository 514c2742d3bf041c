"""What operators see: one log line per request, under the caller's trace if it sends one, and health."""

import asyncio
import logging
import re
from collections.abc import Callable

from anyio import to_thread
from fastapi import Request, Response
from fastapi.routing import APIRouter
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.analyze.dependencies import dependencies_of
from services.core.aws import CALL_ERRORS
from services.core.domain.errors import KeysUnavailable
from services.core.storage.image_store import UPLOAD_ID
from services.core.telemetry import Stages
from services.web.trace import traced

CLIENT_CLOSED_REQUEST = 499  # nginx's status for a client that closes the connection while it sends
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_QUIET = ("/healthz", "/readyz")
_DOWN: tuple[type[Exception], ...] = (*CALL_ERRORS, KeysUnavailable)
logger = logging.getLogger(__name__)
routes = APIRouter()


class Observe:
    """ASGI middleware: sets the log context, and logs method, route, status and stages of each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Observe a request; other events pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        with traced(headers.getlist("traceparent"), headers.get("x-request-id", "")):
            await self._observed(scope, receive, send)

    async def _observed(self, scope: Scope, receive: Receive, send: Send) -> None:
        stages = scope.setdefault("state", {})["stages"] = Stages()
        status = 500

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                timing = [(b"timing-allow-origin", b"*")]
                if stages.timings:
                    timing.append((b"server-timing", stages.server_timing().encode()))
                message["headers"] = [*message["headers"], *timing]
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        except ClientDisconnect:
            status = CLIENT_CLOSED_REQUEST
        except Exception:
            # Starlette has answered 500 and raises the error again; uvicorn would log it a second time.
            logger.exception("unexpected error")
        finally:
            if scope["path"] not in _QUIET:
                _log_request(scope, status, stages)


def _log_request(scope: Scope, status: int, stages: Stages) -> None:
    done = {
        # A client may send any word as the method.
        "method": scope["method"] if scope["method"] in _METHODS else "OTHER",
        "route": getattr(scope.get("route"), "path", "unmatched"),
        "status": status,
        "duration_ms": stages.elapsed_ms,
        "stages_ms": stages.timings,
    }
    named = scope.get("path_params", {}).get("report_id", "")
    if re.fullmatch(UPLOAD_ID, named):
        done["report"] = named
    if status >= 500:
        done["metrics"] = {"ServerErrors": 1}
    logger.info("request", extra=done)


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(BaseModel):
    """`ok`, or `down` for each part that does not answer."""

    parts: dict[str, str]


@routes.get("/healthz")
async def healthz() -> Health:
    """Whether the process lives; calls nothing."""
    return Health()


@routes.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(request: Request, response: Response) -> Readiness:
    """Whether stores and keys answer; the model and the LLM may be away, the service copes."""
    made = dependencies_of(request)
    checks: dict[str, Callable[[], None]] = {
        "reports": made.service.reports.probe,
        "pictures": made.service.submission.images.probe,
        "identity": made.verifier.check,
    }
    answers = await asyncio.gather(*(to_thread.run_sync(_answer, check) for check in checks.values()))
    if "down" in answers:
        response.status_code = 503
    return Readiness(parts=dict(zip(checks, answers, strict=True)))


def _answer(check: Callable[[], None]) -> str:
    try:
        check()
    except _DOWN:
        return "down"
    return "ok"
