"""The SageMaker runtime's protocol in front of model servers: what boto3's `invoke_endpoint` speaks."""

import argparse
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.servers.serving import command_line, serve
from model_artifacts.blip2.server.bodies import BodyTooLargeError, read_body

BODY_LIMIT = 6_291_456
ANSWER_WITHIN_S = 60.0
_CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
_FORWARDED = ("content-type", "accept", _CUSTOM_ATTRIBUTES)
_VARIANT = "AllTraffic"


def create_app(endpoints: Mapping[str, str], transport: httpx2.AsyncBaseTransport | None = None) -> Starlette:
    """Return the runtime for `endpoints`, a model server's base URL by endpoint name."""
    # trust_env off: a proxy in the caller's shell must not stand between us and loopback.
    client = httpx2.AsyncClient(transport=transport, trust_env=False, timeout=ANSWER_WITHIN_S)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ready")

    async def invocations(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in endpoints:
            return _error(400, "ValidationError", f"Endpoint {name} of account vitrine-local not found.")
        try:
            body = await read_body(request, BODY_LIMIT)
        except BodyTooLargeError as error:
            message = f"Request body exceeds the limit of {error.limit} bytes for invocations."
            return _error(400, "ValidationError", message)
        headers = {key: request.headers[key] for key in _FORWARDED if key in request.headers}
        try:
            answer = await client.post(f"{endpoints[name]}/invocations", content=body, headers=headers)
        except httpx2.TimeoutException:
            return _model_error(0, "Your invocation timed out while waiting for a response from container")
        except httpx2.TransportError:
            return _error(503, "ServiceUnavailable", f"The container of endpoint {name} cannot be reached.")
        if answer.status_code >= 400:
            return _model_error(answer.status_code, answer.text)
        passed = {"x-Amzn-Invoked-Production-Variant": _VARIANT}
        for key in ("content-type", _CUSTOM_ATTRIBUTES):
            if key in answer.headers:
                passed[key] = answer.headers[key]
        return Response(answer.content, headers=passed)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/endpoints/{name}/invocations", invocations, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


def _model_error(status: int, message: str) -> Response:
    side = "client" if 400 <= status < 500 else "server"
    return _error(
        424,
        "ModelError",
        f'Received {side} error ({status}) from primary with message "{message}".',
        OriginalStatusCode=status,
        OriginalMessage=message,
    )


def _error(status: int, kind: str, message: str, **details: str | int) -> Response:
    return JSONResponse({"Message": message, **details}, status, headers={"x-amzn-ErrorType": kind})


def _endpoint(value: str) -> tuple[str, str]:
    name, equals, url = value.partition("=")
    if not name or not equals or not url.startswith("http"):
        raise argparse.ArgumentTypeError(
            f"{value!r} is not NAME=URL, such as blip2-endpoint=http://127.0.0.1:8082"
        )
    return name, url.rstrip("/")


def main() -> None:
    """Serve the endpoints that the command line names."""
    parser = command_line("sagemaker_runtime", "sagemaker", __doc__)
    parser.add_argument(
        "--endpoint",
        type=_endpoint,
        action="append",
        required=True,
        metavar="NAME=URL",
        help="an endpoint and its model server; may be given again",
    )
    options = parser.parse_args()
    serve(create_app(dict(options.endpoint)), options.port)


if __name__ == "__main__":
    main()
