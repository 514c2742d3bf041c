"""Health: whether the process runs, and whether the parts it needs answer."""

import asyncio
from typing import TYPE_CHECKING

from anyio import to_thread
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import Request, Response
from fastapi.routing import APIRouter
from pydantic import BaseModel

from services.analyze.dependencies import dependencies_of
from services.core.domain.errors import KeysUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

routes = APIRouter()


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


def _answer(check: "Callable[[], None]") -> str:
    try:
        check()
    except (BotoCoreError, ClientError, KeysUnavailable):
        return "down"
    return "ok"
