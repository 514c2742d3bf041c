"""The SageMaker runtime's protocol in front of model servers.

It is what boto3's `invoke_endpoint` and `invoke_endpoint_async` speak.
"""

import argparse
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import boto3
import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.fakes.async_inference import INLINE_LIMIT, AsyncEndpoint, AsyncIo, Invocation
from local.fakes.serving import command_line, serve
from model_artifacts.blip2.server.bodies import BodyTooLargeError, read_body

BODY_LIMIT = 6_291_456
ANSWER_WITHIN_S = 60.0
_SAGEMAKER = "x-amzn-sagemaker-"
_CUSTOM_ATTRIBUTES = f"{_SAGEMAKER}custom-attributes"
_FORWARDED = ("content-type", "accept", _CUSTOM_ATTRIBUTES)
_VARIANT = "AllTraffic"


def create_app(
    endpoints: Mapping[str, str],
    transport: httpx2.AsyncBaseTransport | None = None,
    async_io: AsyncIo | None = None,
) -> Starlette:
    """Return the runtime for `endpoints`, a model server's base URL by endpoint name.

    With an `exchange` the endpoints are asynchronous ones, and take nothing else; without, they take nothing
    asynchronous.
    """
    # trust_env off: a proxy in the caller's shell must not stand between us and loopback.
    client = httpx2.AsyncClient(transport=transport, trust_env=False, timeout=ANSWER_WITHIN_S)
    asynchronous: dict[str, AsyncEndpoint] = {}

    async def ask(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> httpx2.Response:
        return await client.post(f"{url}/invocations", content=body, headers=headers, timeout=timeout_s)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with client, AsyncExitStack() as working:
            if async_io is not None:
                s3, sns = boto3.client("s3"), boto3.client("sns")
                for name, url in endpoints.items():
                    endpoint = AsyncEndpoint(name, partial(ask, url), async_io, s3, sns)
                    await working.enter_async_context(endpoint.working())
                    asynchronous[name] = endpoint
            yield

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ready")

    async def invocations(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in endpoints:
            return _not_found(name)
        if async_io is not None:
            return _invalid(f"Endpoint {name} is asynchronous: use InvokeEndpointAsync.")
        try:
            body = await read_body(request, BODY_LIMIT)
        except BodyTooLargeError as error:
            return _invalid(f"Request body exceeds the limit of {error.limit} bytes for invocations.")
        headers = {key: request.headers[key] for key in _FORWARDED if key in request.headers}
        try:
            answer = await ask(endpoints[name], body, headers, ANSWER_WITHIN_S)
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

    async def async_invocations(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in endpoints:
            return _not_found(name)
        if name not in asynchronous:
            return _invalid(f"Endpoint {name} is not asynchronous: use InvokeEndpoint.")
        try:
            body = await read_body(request, INLINE_LIMIT)
        except BodyTooLargeError as error:
            return _invalid(f"Request body exceeds the limit of {error.limit} bytes for async invocations.")
        location = request.headers.get(f"{_SAGEMAKER}inputlocation")
        if (location is None) == (not body):
            return _invalid("Exactly one of Body and InputLocation is needed.")
        invocation = Invocation(
            inference_id=request.headers.get(f"{_SAGEMAKER}inference-id") or str(uuid.uuid4()),
            headers=_asynchronous_headers(request),
            body=body or None,
            input_location=location,
        )
        answer, failure = asynchronous[name].accept(invocation)
        return JSONResponse(
            {"InferenceId": invocation.inference_id},
            202,
            headers={
                "X-Amzn-SageMaker-OutputLocation": answer,
                "X-Amzn-SageMaker-FailureLocation": failure,
            },
        )

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/endpoints/{name}/invocations", invocations, methods=["POST"]),
            Route("/endpoints/{name}/async-invocations", async_invocations, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


def _asynchronous_headers(request: Request) -> dict[str, str]:
    given = {
        "content-type": request.headers.get(f"{_SAGEMAKER}content-type"),
        "accept": request.headers.get(f"{_SAGEMAKER}accept"),
        _CUSTOM_ATTRIBUTES: request.headers.get(_CUSTOM_ATTRIBUTES),
    }
    return {key: value for key, value in given.items() if value is not None}


def _not_found(name: str) -> Response:
    return _invalid(f"Endpoint {name} of account vitrine-local not found.")


def _invalid(message: str) -> Response:
    return _error(400, "ValidationError", message)


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
    parser = command_line("sagemaker_runtime", "sagemaker", "The SageMaker runtime's protocol.")
    parser.add_argument(
        "--endpoint",
        type=_endpoint,
        action="append",
        required=True,
        metavar="NAME=URL",
        help="an endpoint and its model server; may be given again",
    )
    parser.add_argument(
        "--asynchronous",
        nargs=3,
        metavar=("BUCKET", "SUCCESS_TOPIC", "ERROR_TOPIC"),
        help="make them asynchronous: where answers go, and the topics that are told (ARNs)",
    )
    options = parser.parse_args()
    async_io = AsyncIo(*options.asynchronous) if options.asynchronous else None
    serve(create_app(dict(options.endpoint), async_io=async_io), options.port)


if __name__ == "__main__":
    main()
