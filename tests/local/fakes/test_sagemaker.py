"""The runtime as boto3 uses it: the real client, a real server, a fake container."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from local.fakes.sagemaker.runtime import BODY_LIMIT, create_app

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

Listen = Callable[[Starlette], str]


def container() -> Starlette:
    async def invocations(request: Request) -> Response:
        body = await request.body()
        if body == b"bad":
            return PlainTextResponse("photos: must be a list", 400)
        if body == b"broken":
            return PlainTextResponse("The model failed.", 500)
        echo = f"{request.headers['content-type']} {request.headers.get('accept')} {len(body)}"
        return Response(echo, media_type="application/x-answer")

    return Starlette(routes=[Route("/invocations", invocations, methods=["POST"])])


def client(url: str) -> "SageMakerRuntimeClient":
    return boto3.client(
        "sagemaker-runtime",
        endpoint_url=url,
        region_name="ca-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 1}, proxies={}),
    )


@pytest.fixture
def runtime(listen: Listen) -> "SageMakerRuntimeClient":
    return client(listen(create_app({"blip2-endpoint": listen(container())})))


def refusal(runtime: "SageMakerRuntimeClient", body: bytes, endpoint: str = "blip2-endpoint") -> Any:
    with pytest.raises(ClientError) as raised:
        runtime.invoke_endpoint(EndpointName=endpoint, ContentType="application/json", Body=body)
    return raised.value


def test_body_and_types_pass_through(runtime: "SageMakerRuntimeClient") -> None:
    answer = runtime.invoke_endpoint(
        EndpointName="blip2-endpoint", ContentType="application/json", Accept="text/plain", Body=b"photo"
    )
    assert answer["Body"].read() == b"application/json text/plain 5"
    assert answer["ContentType"] == "application/x-answer"
    assert answer["InvokedProductionVariant"] == "AllTraffic"


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [(b"bad", 400, "photos: must be a list"), (b"broken", 500, "The model failed.")],
)
def test_container_error_is_a_model_error(
    runtime: "SageMakerRuntimeClient", body: bytes, status: int, text: str
) -> None:
    error = refusal(runtime, body)
    assert isinstance(error, runtime.exceptions.ModelError)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 424
    # botocore's stubs lack these fields.
    response = cast("dict[str, Any]", error.response)
    assert (response["OriginalStatusCode"], response["OriginalMessage"]) == (status, text)


def test_unknown_endpoint_is_a_validation_error(runtime: "SageMakerRuntimeClient") -> None:
    error = refusal(runtime, b"photo", endpoint="no-such-endpoint")
    assert error.response["Error"]["Code"] == "ValidationError"
    assert "no-such-endpoint" in error.response["Error"]["Message"]
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_body_limit_is_exact(
    runtime: "SageMakerRuntimeClient",
) -> None:
    answer = runtime.invoke_endpoint(
        EndpointName="blip2-endpoint", ContentType="application/json", Body=b"0" * BODY_LIMIT
    )
    assert answer["Body"].read().endswith(str(BODY_LIMIT).encode())
    assert refusal(runtime, b"0" * (BODY_LIMIT + 1)).response["Error"]["Code"] == "ValidationError"


def test_unreachable_container_is_service_unavailable(listen: Listen) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    error = refusal(client(listen(create_app({"blip2-endpoint": url}))), b"photo")
    assert error.response["Error"]["Code"] == "ServiceUnavailable"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_container_timeout_is_a_model_error(listen: Listen) -> None:
    def stall(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("no answer", request=request)

    app = create_app({"blip2-endpoint": "http://container"}, httpx2.MockTransport(stall))
    error = refusal(client(listen(app)), b"photo")
    assert error.response["Error"]["Code"] == "ModelError"
    assert error.response["OriginalStatusCode"] == 0
