"""Async Inference as boto3 uses it: the real client, a real server, and moto's S3, SNS and SQS."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from local.fakes.sagemaker.async_inference import INLINE_LIMIT, OutputConfig
from local.fakes.sagemaker.runtime import create_app

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

Listen = Callable[[Starlette], str]
REGION: Final = "ca-central-1"
ENDPOINT = "blip2-endpoint"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass(frozen=True)
class Aws:
    """The endpoint's bucket and topics, and a queue that is subscribed to both topics."""

    output_config: OutputConfig
    s3: Any
    sqs: Any
    queue: str

    def notifications(self, count: int = 1) -> list[dict[str, Any]]:
        """Return the next notifications."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            answer = self.sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=20)
            assert answer.get("Messages"), f"{len(found)} notifications, {count} are expected"
            for message in answer["Messages"]:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def read(self, location: str) -> bytes:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content


@pytest.fixture
def aws(moto: str, monkeypatch: pytest.MonkeyPatch) -> Aws:
    for name, value in (
        ("AWS_ENDPOINT_URL", moto),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", REGION),
    ):
        monkeypatch.setenv(name, value)
    httpx2.post(f"{moto}/moto-api/reset", trust_env=False)
    s3, sns, sqs = boto3.client("s3"), boto3.client("sns"), boto3.client("sqs")
    s3.create_bucket(Bucket="exchange", CreateBucketConfiguration={"LocationConstraint": REGION})
    queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    topics = [sns.create_topic(Name=name)["TopicArn"] for name in ("success", "error")]
    for topic in topics:
        sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=attributes["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )
    return Aws(OutputConfig("exchange", *topics), s3, sqs, queue)


def container() -> Starlette:
    active: list[bool] = []

    async def invocations(request: Request) -> Response:
        body = await request.body()
        if body == b"broken":
            return PlainTextResponse("The model failed.", 500)
        active.append(True)
        concurrent = len(active)
        await asyncio.sleep(0)
        active.pop()
        kind = request.headers["content-type"]
        return PlainTextResponse(f"{kind} {len(body)} {concurrent}", media_type="application/json")

    return Starlette(routes=[Route("/invocations", invocations, methods=["POST"])])


def client(url: str) -> "SageMakerRuntimeClient":
    config = Config(retries={"max_attempts": 1}, proxies={})
    return boto3.client("sagemaker-runtime", endpoint_url=url, config=config)


@pytest.fixture
def runtime(aws: Aws, listen: Listen) -> "SageMakerRuntimeClient":
    return client(listen(create_app({ENDPOINT: listen(container())}, output_config=aws.output_config)))


def refusal(call: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call()
    return dict(raised.value.response["Error"])


def test_answer_is_stored_and_notified(aws: Aws, runtime: "SageMakerRuntimeClient") -> None:
    accepted = runtime.invoke_endpoint_async(
        EndpointName=ENDPOINT,
        ContentType="application/json",
        Accept="application/json",
        InferenceId="R1",
        Body=b"photo",
    )
    assert accepted["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert accepted["InferenceId"] == "R1"
    (notification,) = aws.notifications()
    assert aws.read(accepted["OutputLocation"]) == b"application/json 5 1"
    assert notification.pop("eventTime") >= notification.pop("receivedTime")
    assert notification == {
        "awsRegion": REGION,
        "invocationStatus": "Completed",
        "requestParameters": {
            "contentType": "application/json",
            "accept": "application/json",
            "endpointName": ENDPOINT,
        },
        "responseParameters": {
            "contentType": "application/json",
            "outputLocation": accepted["OutputLocation"],
        },
        "inferenceId": "R1",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def test_request_is_read_from_s3(aws: Aws, runtime: "SageMakerRuntimeClient") -> None:
    aws.s3.put_object(Bucket="exchange", Key="requests/R1.json", Body=bytes(200_000))
    location = "s3://exchange/requests/R1.json"
    accepted = runtime.invoke_endpoint_async(
        EndpointName=ENDPOINT, ContentType="application/json", InputLocation=location
    )
    (notification,) = aws.notifications()
    assert notification["requestParameters"]["inputLocation"] == location
    assert notification["inferenceId"] == accepted["InferenceId"]
    assert aws.read(accepted["OutputLocation"]) == b"application/json 200000 1"


def test_model_error_is_stored_and_notified(aws: Aws, runtime: "SageMakerRuntimeClient") -> None:
    accepted = runtime.invoke_endpoint_async(
        EndpointName=ENDPOINT, ContentType="application/json", InferenceId="R1", Body=b"broken"
    )
    (notification,) = aws.notifications()
    assert (notification["invocationStatus"], notification["inferenceId"]) == ("Failed", "R1")
    assert "server error (500)" in notification["failureReason"]
    assert "responseParameters" not in notification
    assert aws.read(accepted["FailureLocation"]) == b"The model failed."


def test_missing_request_object_fails(aws: Aws, runtime: "SageMakerRuntimeClient") -> None:
    runtime.invoke_endpoint_async(
        EndpointName=ENDPOINT, ContentType="application/json", InputLocation="s3://exchange/requests/none"
    )
    (notification,) = aws.notifications()
    assert notification["invocationStatus"] == "Failed"
    assert "s3://exchange/requests/none" in notification["failureReason"]


def test_requests_are_processed_one_by_one(aws: Aws, runtime: "SageMakerRuntimeClient") -> None:
    accepted = [
        runtime.invoke_endpoint_async(EndpointName=ENDPOINT, ContentType="a/b", Body=b"photo")
        for _ in range(5)
    ]
    assert {one["invocationStatus"] for one in aws.notifications(5)} == {"Completed"}
    assert {aws.read(one["OutputLocation"]) for one in accepted} == {b"a/b 5 1"}


def test_request_waits_for_model_server(aws: Aws, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.fakes.sagemaker.async_inference._RETRY_S", 0.01)
    failures = [True, True, True]

    def answer(request: httpx2.Request) -> httpx2.Response:
        if failures:
            failures.pop()
            raise httpx2.ConnectError("refused", request=request)
        return httpx2.Response(200, content=b"answer", headers={"content-type": "application/json"})

    app = create_app({ENDPOINT: "http://container"}, httpx2.MockTransport(answer), aws.output_config)
    accepted = client(listen(app)).invoke_endpoint_async(
        EndpointName=ENDPOINT, ContentType="a/b", Body=b"photo"
    )
    (notification,) = aws.notifications()
    assert notification["invocationStatus"] == "Completed"
    assert aws.read(accepted["OutputLocation"]) == b"answer"


def test_body_limit_is_exact(aws: Aws, runtime: "SageMakerRuntimeClient") -> None:
    def ask(size: int) -> object:
        # Without boto3, which enforces the limit itself.
        return httpx2.post(
            f"{runtime.meta.endpoint_url}/endpoints/{ENDPOINT}/async-invocations",
            content=bytes(size),
            headers={"X-Amzn-SageMaker-Content-Type": "a/b"},
            trust_env=False,
        ).status_code

    assert (ask(INLINE_LIMIT), ask(INLINE_LIMIT + 1), ask(0)) == (202, 400, 400)
    assert aws.notifications()[0]["invocationStatus"] == "Completed"


def test_other_endpoint_kind_is_refused(runtime: "SageMakerRuntimeClient", listen: Listen) -> None:
    realtime = client(listen(create_app({ENDPOINT: "http://container"})))
    refusals = [
        refusal(lambda: runtime.invoke_endpoint(EndpointName=ENDPOINT, ContentType="a/b", Body=b"photo")),
        refusal(lambda: realtime.invoke_endpoint_async(EndpointName=ENDPOINT, Body=b"photo")),
        refusal(lambda: runtime.invoke_endpoint_async(EndpointName="other", Body=b"photo")),
    ]
    assert {error["Code"] for error in refusals} == {"ValidationError"}
