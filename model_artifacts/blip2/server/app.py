"""The container's HTTP interface: /ping and /invocations around loaded handlers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .batching import Batcher, Batching
from .request_log import logged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from .handlers import Answer, Invoke

# TorchServe's own limit, above the 6,291,456 bytes that the SageMaker runtime lets through.
BODY_LIMIT = 6_553_500
# A client that is still sending when the answer arrives may see a connection reset instead.
_DISCARDED_AT_MOST = 64 * 1024 * 1024


class BodyTooLargeError(Exception):
    """A request's body has more bytes than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body has more than {limit:,} bytes")
        self.limit = limit


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body; raises BodyTooLargeError beyond `limit` bytes, and holds no more in memory."""
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            body += chunk
        elif size > _DISCARDED_AT_MOST:
            break
        else:
            body.clear()
    if size > limit:
        raise BodyTooLargeError(limit)
    return bytes(body)


def create_app(
    invoke: Invoke, batching: Batching | None = None, state: Callable[[], str] = lambda: "ready"
) -> Starlette:
    """Return the container's HTTP interface around loaded handlers.

    `batching` collects requests first; `state` is the text that /ping answers.
    """
    # One thread: on AWS the toolkit has one worker, and two threads would share the same cores.
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")

    async def alone(body: bytes, headers: Mapping[str, str]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(worker, invoke, body, headers)

    answer_request = alone if batching is None else Batcher(batching, worker).answer

    async def ping(request: Request) -> Response:
        return PlainTextResponse(state())

    async def invocations(request: Request) -> Response:
        with logged(request.headers) as invocation:
            try:
                body = await read_body(request, BODY_LIMIT)
            except BodyTooLargeError as error:
                invocation.status = 413
                return PlainTextResponse(str(error), 413)
            answer = await answer_request(body, dict(request.headers))
            invocation.status = answer.status
            return Response(answer.body, answer.status, media_type=answer.content_type)

    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/healthz", ping),
            Route("/invocations", invocations, methods=["POST"]),
        ]
    )
