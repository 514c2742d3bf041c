"""The container's HTTP interface: /ping and /invocations around loaded handlers."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .batching import Batcher, Batching
from .bodies import BodyTooLargeError, read_body
from .handlers import Answer, Invoke

# TorchServe's own limit, above the 6,291,456 bytes that the SageMaker runtime lets through.
BODY_LIMIT = 6_553_500


def create_app(invoke: Invoke, batching: Batching | None = None) -> Starlette:
    """Return the container's HTTP interface around loaded handlers; `batching` collects requests first."""
    # One thread: on AWS the toolkit has one worker, and two threads would share the same cores.
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")

    async def alone(body: bytes, headers: Mapping[str, str]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(worker, invoke, body, headers)

    answer_request = alone if batching is None else Batcher(batching, worker).answer

    async def ping(request: Request) -> Response:
        return PlainTextResponse("ready")

    async def invocations(request: Request) -> Response:
        try:
            body = await read_body(request, BODY_LIMIT)
        except BodyTooLargeError as error:
            return PlainTextResponse(str(error), 413)
        answer = await answer_request(body, dict(request.headers))
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/healthz", ping),
            Route("/invocations", invocations, methods=["POST"]),
        ]
    )
