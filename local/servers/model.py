"""The model endpoint's container: the artifact's own handlers on /ping and /invocations.

It listens once the model has loaded and warmed up, so that /ping never answers for a model that cannot.
"""

import asyncio
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from local.home import REPOSITORY
from local.servers.handlers import Invoke, load
from local.servers.serving import BodyTooLargeError, command_line, read_body, serve

# TorchServe's own limit, above the 6,291,456 bytes that the SageMaker runtime lets through.
BODY_LIMIT = 6_553_500
ARTIFACT = REPOSITORY / "model_artifacts" / "blip2"


def create_app(invoke: Invoke) -> Starlette:
    """Return the container's HTTP interface around loaded handlers."""
    # One thread: on AWS the toolkit has one worker, and two at once would only share the same cores.
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")

    async def ping(request: Request) -> Response:
        return PlainTextResponse("ready")

    async def invocations(request: Request) -> Response:
        try:
            body = await read_body(request, BODY_LIMIT)
        except BodyTooLargeError as error:
            return PlainTextResponse(str(error), 413)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(worker, invoke, body, dict(request.headers))
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/healthz", ping),
            Route("/invocations", invocations, methods=["POST"]),
        ]
    )


def model_folder(model: str) -> Path:
    """Return the folder of a model that is named by folder or by hub id, fetching the latter."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder.resolve()
    if model.startswith((".", "/", "~")) or model.count("/") != 1:
        raise SystemExit(
            f"MODEL is {model!r}, which is neither a folder nor a hub id of the form owner/name. "
            "Name one of the two, or leave it out for the demo model."
        )
    os.environ.pop("HF_HUB_OFFLINE", None)  # the system sets it; it is read at import
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(model))


def main() -> None:
    """Load the model, then serve."""
    parser = command_line("model", "model", __doc__.splitlines()[0])
    parser.add_argument(
        "--model",
        default=os.environ.get("MODEL") or str(ARTIFACT / "demo" / "model"),
        help="a folder, or a hub id of any BLIP-2 (default: MODEL, else the demo model)",
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    serve(create_app(load(ARTIFACT / "code", model_folder(options.model))), options.port)


if __name__ == "__main__":
    main()
