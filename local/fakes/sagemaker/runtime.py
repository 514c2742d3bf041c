"""The protocol of the SageMaker runtime, as boto3's `invoke_endpoint` and `invoke_endpoint_async` use it."""

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

from local.fakes.sagemaker.async_inference import INLINE_LIMIT, InferenceQueue, Invocation, OutputConfig
from model_artifacts.blip2.server.app import BodyTooLargeError, read_body

BODY_LIMIT = 6_291_456
INVOCATION_TIMEOUT_S = 60.0
_SAGEMAKER = "x-amzn-sagemaker-"
_CUSTOM_ATTRIBUTES = f"{_SAGEMAKER}custom-attributes"
_FORWARDED = ("content-type", "accept", _CUSTOM_ATTRIBUTES)
_VARIANT = "AllTraffic"


def create_app(
    endpoints: Mapping[str, str],
    transport: httpx2.AsyncBaseTransport | None = None,
    output_config: OutputConfig | None = None,
) -> Starlette:
    """Return the runtime for `endpoints`, which maps an endpoint's name to its model server's base URL.

    With an `output_config` the endpoints are asynchronous and refuse realtime invocations; without one, they
    are realtime and refuse asynchronous invocations.
    """
    # trust_env off: a proxy in the caller's shell must not stand between us and loopback.
    client = httpx2.AsyncClient(transport=transport, trust_env=False, timeout=INVOCATION_TIMEOUT_S)
    queues: dict[str, InferenceQueue] = {}

    async def invoke(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> httpx2.Response:
        return await client.post(f"{url}/invocations", content=body, headers=headers, timeout=timeout_s)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with client, AsyncExitStack() as workers:
            if output_config is not None:
                s3, sns = boto3.client("s3"), boto3.client("sns")
                for name, url in endpoints.items():
                    queues[name] = InferenceQueue(name, partial(invoke, url), output_config, s3, sns)
                    await workers.enter_async_context(queues[name].worker())
            yield

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ready")

    async def invocations(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in endpoints:
            return _not_found(name)
        if output_config is not None:
            return _invalid(f"Endpoint {name} is asynchronous: use InvokeEndpointAsync.")
        try:
            body = await read_body(request, BODY_LIMIT)
        except BodyTooLargeError as error:
            return _invalid(f"Request body exceeds the limit of {error.limit} bytes for invocations.")
        headers = {key: request.headers[key] for key in _FORWARDED if key in request.headers}
        try:
            answer = await invoke(endpoints[name], body, headers, INVOCATION_TIMEOUT_S)
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
        if name not in queues:
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
            headers=_model_headers(request),
            body=body or None,
            input_location=location,
        )
        answer, failure = queues[name].enqueue(invocation)
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


def _model_headers(request: Request) -> dict[str, str]:
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
