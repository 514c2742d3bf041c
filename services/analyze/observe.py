"""One log line per request, under the caller's trace where there is one."""

import logging
import re
import secrets

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.telemetry import Stages, log_context

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
CLIENT_CLOSED_REQUEST = 499  # nginx's word for who went away while sending
_QUIET = ("/healthz", "/readyz")
logger = logging.getLogger(__name__)


class Observe:
    """ASGI middleware: sets the log context, logs method, route, status and stages when the answer is out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; lifespan events are none of our business."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        traced = _TRACEPARENT.match(headers.get("traceparent", ""))
        context = {"trace_id": traced.group(1) if traced else secrets.token_hex(16)}
        if request_id := headers.get("x-request-id"):
            context["request_id"] = request_id[:128]
        token = log_context.set(context)
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
            # Starlette has answered 500 by now and hands the error up; uvicorn would log it a second time.
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
            log_context.reset(token)
