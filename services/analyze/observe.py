"""Writes one log line per request, under the caller's trace if it sends one."""

import logging

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.telemetry import Stages
from services.web.trace import traced

CLIENT_CLOSED_REQUEST = 499  # nginx's status for a client that closes the connection while it sends
_QUIET = ("/healthz", "/readyz")
logger = logging.getLogger(__name__)


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
        with traced(headers.get("traceparent", ""), headers.get("x-request-id", "")):
            await self._observed(scope, receive, send)

    async def _observed(self, scope: Scope, receive: Receive, send: Send) -> None:
        stages = scope.setdefault("state", {})["stages"] = Stages()
        status = 500

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if stages.timings:
                    message["headers"] = [
                        *message["headers"],
                        (b"server-timing", stages.server_timing().encode()),
                    ]
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
                route = getattr(scope.get("route"), "path", "unmatched")
                logger.info(
                    "request",
                    extra={
                        "method": scope["method"],
                        "route": route,
                        "status": status,
                        "duration_ms": stages.elapsed_ms,
                        "stages_ms": stages.timings,
                    },
                )
