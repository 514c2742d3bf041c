"""The function behind POST /hooks/supabase: the database asks for a report, or for its erasure."""

import asyncio
import logging
import time
from http import HTTPStatus
from typing import Any
from uuid import UUID

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.routing import APIRouter
from mangum import Mangum
from pydantic import BaseModel

from services.core.domain.errors import InvalidInput, Unauthenticated
from services.core.telemetry import configure_logging, elapsed_ms, user_hash
from services.hooks.inbox import AppSettings, DeletedReport, Inbox
from services.hooks.intake import AnalysisRow
from services.web import problems
from services.web.trace import traced

# The sender gets its answer within a second, also when AWS does not answer.
ANSWER_WITHIN_S = 0.8
UNAVAILABLE = problems.Unavailable("Hooks unavailable", "nothing was taken; send it again", 30)
logger = logging.getLogger(__name__)
routes = APIRouter()


class Receipt(BaseModel):
    """What is queued: an analysis, whose report comes by webhook, or the erasure of a report."""

    analysis: UUID | None = None
    report: str | None = None


@routes.post("/hooks/supabase", status_code=202, response_model_exclude_none=True)
async def supabase(request: Request) -> Receipt:
    """Take an inserted analysis or a deleted report, signed by Standard Webhooks: 202, also if repeated.

    401 for a signature by another key or not of the last 5 minutes, 413, 422; 503: send it again.
    """
    inbox: Inbox = request.app.state.inbox
    started = time.perf_counter()
    body = await request.body()
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            # An abandoned thread may still queue the row, and the repeated webhook queue it again: the worker
            # makes one report of both.
            row = await to_thread.run_sync(inbox.take, body, request.headers, abandon_on_cancel=True)
    except (InvalidInput, Unauthenticated) as error:
        told = {"reason": str(error), "outcome": "refused", "duration_ms": elapsed_ms(started)}
        logger.info("webhook refused", extra=told)
        raise
    taken, owner = _named(row)
    told = {"user": user_hash(owner), "status": 202, "duration_ms": elapsed_ms(started)}
    logger.info("webhook taken", extra={**taken, **told})
    return Receipt(**taken)


def _named(row: AnalysisRow | DeletedReport) -> tuple[dict[str, str], str]:
    """What a row is about, as an answer and a log line name it, and its user."""
    if isinstance(row, DeletedReport):
        return {"report": row.id}, str(row.user_id)
    return {"analysis": str(row.id)}, row.owner


def create_api(inbox: Inbox) -> FastAPI:
    """Make the API of an inbox."""
    api = FastAPI(
        title="Vitrine's hooks", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    api.state.inbox = inbox
    api.include_router(routes)
    problems.install(api, UNAVAILABLE)
    api.add_exception_handler(TimeoutError, UNAVAILABLE.answer)
    return api


configure_logging("hooks")
# Mangum logs a line per request, as this function does.
logging.getLogger("mangum.http").setLevel(logging.WARNING)
_loop = asyncio.new_event_loop()
asyncio.set_event_loop(_loop)
_inbox = Inbox.build(AppSettings())
# Bodies of other types are sent in base64.
_answer = Mangum(
    create_api(_inbox), lifespan="off", text_mime_types=["application/json", problems.MEDIA_TYPE]
)


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request of the HTTP API (payload 2.0)."""
    # Mangum runs on the thread's current loop, and newer Pythons make none by themselves.
    asyncio.set_event_loop(_loop)
    headers = event.get("headers") or {}
    request_id = str((event.get("requestContext") or {}).get("requestId", ""))
    # API Gateway joins several headers of one name with commas: such a value is invalid.
    with traced([headers.get("traceparent", "")], request_id):
        answer = _answer(event, context)
        if (status := int(answer["statusCode"])) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("request failed", extra={"status": status, "metrics": {"ServerErrors": 1}})
    return answer
