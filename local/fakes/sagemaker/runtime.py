"""The protocol of the SageMaker runtime, as boto3's `invoke_endpoint` and `invoke_endpoint_async` use it.

`python -m local.fakes.sagemaker.runtime` serves the endpoints that its command line names.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import boto3
import click
import httpx2
import uvicorn
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
_HEADERS = ("content-type", "accept", _CUSTOM_ATTRIBUTES)


def create_app(
    endpoints: Mapping[str, str],
    transport: httpx2.AsyncBaseTransport | None = None,
    output_config: OutputConfig | None = None,
    queue_type: type[InferenceQueue] = InferenceQueue,
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
        async with client, asyncio.TaskGroup() as workers:
            if output_config is not None:
                s3, sns = boto3.client("s3"), boto3.client("sns")
                for name, url in endpoints.items():
                    queues[name] = queue_type(name, partial(invoke, url), output_config, s3, sns)
            tasks = [workers.create_task(queue.process()) for queue in queues.values()]
            yield
            for task in tasks:
                task.cancel()

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
        headers = {key: request.headers[key] for key in _HEADERS if key in request.headers}
        try:
            answer = await invoke(endpoints[name], body, headers, INVOCATION_TIMEOUT_S)
        except httpx2.TimeoutException:
            return _model_error(0, "Your invocation timed out while waiting for a response from container")
        except httpx2.TransportError:
            return _error(503, "ServiceUnavailable", f"The container of endpoint {name} cannot be reached.")
        if answer.status_code >= 400:
            return _model_error(answer.status_code, answer.text)
        passed = {"x-Amzn-Invoked-Production-Variant": "AllTraffic"}
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
        names = {"content-type": f"{_SAGEMAKER}content-type", "accept": f"{_SAGEMAKER}accept"}
        given = {key: request.headers.get(names.get(key, key)) for key in _HEADERS}
        invocation = Invocation(
            inference_id=request.headers.get(f"{_SAGEMAKER}inference-id") or str(uuid.uuid4()),
            headers={key: value for key, value in given.items() if value is not None},
            body=body or None,
            input_location=location,
        )
        answer, failure = queues[name].enqueue(invocation)
        headers = {f"{_SAGEMAKER}outputlocation": answer, f"{_SAGEMAKER}failurelocation": failure}
        return JSONResponse({"InferenceId": invocation.inference_id}, 202, headers)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/endpoints/{name}/invocations", invocations, methods=["POST"]),
            Route("/endpoints/{name}/async-invocations", async_invocations, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


def _not_found(name: str) -> Response:
    return _invalid(f"Endpoint {name} of account vitrine-local not found.")


def _invalid(message: str) -> Response:
    return _error(400, "ValidationError", message)


def _model_error(status: int, message: str) -> Response:
    side = "client" if 400 <= status < 500 else "server"
    text = f'Received {side} error ({status}) from primary with message "{message}".'
    return _error(424, "ModelError", text, OriginalStatusCode=status, OriginalMessage=message)


def _error(status: int, kind: str, message: str, **details: str | int) -> Response:
    return JSONResponse({"Message": message, **details}, status, headers={"x-amzn-ErrorType": kind})


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--endpoint", "endpoints", type=(str, str), multiple=True, required=True, metavar="NAME URL")
@click.option("--asynchronous", type=(str, str, str), metavar="BUCKET SUCCESS_TOPIC ERROR_TOPIC")
def main(
    port: int, endpoints: tuple[tuple[str, str], ...], asynchronous: tuple[str, str, str] | None
) -> None:
    """Serve endpoints, each in front of the model server at a URL, on 127.0.0.1.

    With --asynchronous they are asynchronous: the bucket is for answers, the topics are notified.
    """
    output_config = OutputConfig(*asynchronous) if asynchronous else None
    uvicorn.run(create_app(dict(endpoints), output_config=output_config), port=port, access_log=False)


if __name__ == "__main__":
    main()
