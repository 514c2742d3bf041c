"""The part of PostHog that takes events: `POST /batch/`, with the refusals of its capture service.

It keeps what it was sent: one event for each uuid, as PostHog merges those that are sent twice.
"""

import asyncio
import json
import math
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from model_artifacts.blip2.server.app import BodyTooLargeError, read_body

BODY_LIMIT = 20_000_000
# The oldest events make way for new ones.
MOST_KEPT = 10_000
Event = dict[str, Any]


class RefusedError(Exception):
    """A request that PostHog does not take, with the status and the text of its answer."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Manner:
    """How a PostHog in trouble behaves: slow by so many seconds, or refusing with this status.

    One that stalls is slow without end.
    """

    delay_s: float = 0.0
    status: int | None = None


STALLED = Manner(delay_s=math.inf)


@dataclass
class Capture:
    """Takes the events of the project with this key."""

    project_key: str
    manner: Manner = field(default_factory=Manner)
    kept: dict[str, Event] = field(default_factory=dict)

    async def batch(self, request: Request) -> Response:
        """`POST /batch/`: 200 with `{"status": "Ok"}`, or the refusal as text."""
        if math.isinf(self.manner.delay_s):
            await asyncio.Event().wait()
        await asyncio.sleep(self.manner.delay_s)
        if self.manner.status is not None:
            return PlainTextResponse("refused as asked for", self.manner.status)
        try:
            self._keep(self._read(await read_body(request, BODY_LIMIT)))
        except BodyTooLargeError:
            return PlainTextResponse("request body too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except RefusedError as error:
            return PlainTextResponse(str(error), error.status)
        return JSONResponse({"status": "Ok"})

    async def events(self, request: Request) -> Response:
        """`GET /local/events`: all events, the oldest first. PostHog has no such route."""
        return JSONResponse({"events": [*self.kept.values()]})

    def _read(self, body: bytes) -> list[Event]:
        try:
            sent = json.loads(body)
        except ValueError:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "failed to parse request: no JSON") from None
        match sent:
            case {"api_key": self.project_key, "batch": list(events)} if events:
                return [_checked(event) for event in events]
            case {"api_key": self.project_key, "batch": []}:
                raise RefusedError(HTTPStatus.BAD_REQUEST, "request holds no event")
            case {"api_key": self.project_key}:
                raise RefusedError(HTTPStatus.BAD_REQUEST, "failed to parse request: no batch")
            case {"api_key": _}:
                raise RefusedError(HTTPStatus.UNAUTHORIZED, "API key is not valid")
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "event submitted without an api_key")

    def _keep(self, events: list[Event]) -> None:
        for event in events:
            self.kept[event.get("uuid") or str(uuid.uuid4())] = event
        for oldest in [*self.kept][: max(0, len(self.kept) - MOST_KEPT)]:
            del self.kept[oldest]


def _checked(event: object) -> Event:
    if not isinstance(event, dict) or not isinstance(event.get("properties", {}), dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "failed to parse request: an event of another form")
    if not event.get("event"):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "event submitted with an empty event name")
    if not event.get("distinct_id", event.get("properties", {}).get("distinct_id")):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "event submitted without a distinct_id")
    try:
        uuid.UUID(event.get("uuid", str(uuid.uuid4())))
        datetime.fromisoformat(event.get("timestamp", "2026-01-01T00:00:00Z"))
    except (AttributeError, TypeError, ValueError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "failed to parse request: uuid or timestamp") from None
    return event
