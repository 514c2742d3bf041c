"""The function behind POST /hooks/supabase: a row was inserted, so a report is asked for."""

import asyncio
import logging
import re
import secrets
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

import boto3
from anyio import to_thread
from botocore.config import Config
from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRouter
from mangum import Mangum
from pydantic import BaseModel

from services.core.telemetry import configure_logging, log_context
from services.hooks import problems
from services.hooks.inbox import Inbox
from services.hooks.keys import HookKeys
from services.hooks.links import AnalysisLinks
from services.hooks.settings import AppSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient

# Whatever is behind, the sender has its answer within a second.
ANSWER_WITHIN_S = 0.8
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
logger = logging.getLogger(__name__)
routes = APIRouter()


class Receipt(BaseModel):
    """The analysis is queued; its report comes by webhook."""

    analysis: UUID


@routes.post("/hooks/supabase", status_code=202)
async def supabase(request: Request, response: Response) -> Receipt:
    """Take a row inserted into public.analyses, signed by Standard Webhooks: 202, or 200 when queued before.

    401 for a signature that is none of ours or not of the last 5 minutes, 413, 422; 503: send it again.
    """
    inbox: Inbox = request.app.state.inbox
    started = time.perf_counter()
    body = await request.body()
    async with asyncio.timeout(ANSWER_WITHIN_S):
        # A thread that nobody waits for any more may still queue it, and the next try do so again: the
        # worker makes one report of both.
        taken = await to_thread.run_sync(inbox.take, body, request.headers, abandon_on_cancel=True)
    if taken.repeated:
        response.status_code = 200
    logger.info(
        "webhook taken",
        extra={
            "analysis": str(taken.analysis),
            "repeated": taken.repeated,
            "duration_ms": round((time.perf_counter() - started) * 1000, 1),
        },
    )
    return Receipt(analysis=taken.analysis)


def create_api(inbox: Inbox) -> FastAPI:
    """The API over an inbox."""
    api = FastAPI(title="Vitrine's hooks", docs_url=None, redoc_url=None, openapi_url=None)
    api.state.inbox = inbox
    api.include_router(routes)
    problems.install(api)
    return api


def build_inbox(settings: AppSettings) -> Inbox:
    """Make every client; none is called yet."""
    session = boto3.Session(region_name=settings.aws_region)
    quick = Config(connect_timeout=0.4, read_timeout=0.6, retries={"total_max_attempts": 2})
    secrets_manager: SecretsManagerClient = session.client("secretsmanager", config=quick)
    dynamodb: DynamoDBClient = session.client("dynamodb", config=quick)
    sqs: SQSClient = session.client("sqs", config=quick)
    keys = HookKeys(secrets_manager, settings.hooks_secret_name)
    return Inbox(keys, AnalysisLinks(dynamodb, settings.reports_table), sqs, settings.hooks_queue_url)


configure_logging("hooks")
# Mangum logs a line per request, of our own kind.
logging.getLogger("mangum.http").setLevel(logging.WARNING)
_loop = asyncio.new_event_loop()
asyncio.set_event_loop(_loop)
_inbox = build_inbox(AppSettings())
_answer = Mangum(
    create_api(_inbox),
    lifespan="off",
    # Of other types it sends bodies in base64.
    text_mime_types=["application/json", problems.MEDIA_TYPE],
)


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request of the HTTP API (payload 2.0)."""
    # Mangum runs on the thread's current loop, and newer Pythons give a thread none by themselves.
    asyncio.set_event_loop(_loop)
    headers = event.get("headers") or {}
    traced = _TRACEPARENT.match(headers.get("traceparent", ""))
    token = log_context.set(
        {
            "trace_id": traced.group(1) if traced else secrets.token_hex(16),
            "request_id": str((event.get("requestContext") or {}).get("requestId", "")),
        }
    )
    try:
        return _answer(event, context)
    finally:
        log_context.reset(token)
