"""SageMaker's Async Inference in front of one model server: a queue, answers in S3, news of them by SNS."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sns.client import SNSClient

INLINE_LIMIT = 128_000
ANSWER_WITHIN_S = 900.0
WAIT_AT_MOST_S = 6 * 3600.0
_ASK_AGAIN_S = 1.0
_SAID_AT_MOST = 1024


@dataclass(frozen=True)
class AsyncIo:
    """Where answers and failures go, and the topics that are told."""

    bucket: str
    success_topic: str
    error_topic: str


@dataclass(frozen=True)
class Invocation:
    """A request of `invoke_endpoint_async`: its body, or the s3:// address of it."""

    inference_id: str
    headers: Mapping[str, str]
    body: bytes | None
    input_location: str | None
    stem: str = field(default_factory=lambda: str(uuid.uuid4()))
    received: datetime = field(default_factory=lambda: datetime.now(UTC))


class _Failed(Exception):
    """The invocation gives no answer; its text is what SageMaker says of it."""


Ask = Callable[[bytes, Mapping[str, str], float], Awaitable[httpx2.Response]]


class AsyncEndpoint:
    """One endpoint that works its queue off, one request at a time; the queue goes with the process.

    As on SageMaker, a request waits while there is no model server, and is told of exactly once it ended.
    """

    def __init__(self, name: str, ask: Ask, async_io: AsyncIo, s3: "S3Client", sns: "SNSClient") -> None:
        self._name = name
        self._ask = ask
        self._exchange = async_io
        self._s3 = s3
        self._sns = sns
        self._queue: asyncio.Queue[Invocation] = asyncio.Queue()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Work the queue off while the context is open."""
        task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def accept(self, invocation: Invocation) -> tuple[str, str]:
        """Queue a request, and return where its answer or its failure will be."""
        self._queue.put_nowait(invocation)
        return (
            f"s3://{self._exchange.bucket}/{_answer_key(invocation)}",
            f"s3://{self._exchange.bucket}/{_failure_key(invocation)}",
        )

    async def _work(self) -> None:
        while True:
            invocation = await self._queue.get()
            try:
                answer = await self._answer(invocation)
                await self._put(_answer_key(invocation), answer.content)
                content_type = answer.headers.get("content-type", "")
                location = f"s3://{self._exchange.bucket}/{_answer_key(invocation)}"
                await self._tell(
                    self._exchange.success_topic,
                    invocation,
                    "Completed",
                    responseParameters={"contentType": content_type, "outputLocation": location},
                )
            except _Failed as failure:
                with suppress(ClientError, BotoCoreError):
                    await self._tell(
                        self._exchange.error_topic, invocation, "Failed", failureReason=str(failure)
                    )
            except (ClientError, BotoCoreError) as error:
                # The emulator is away: what was asked before it went, nobody will ask about.
                print(f"{invocation.inference_id} is lost: {type(error).__name__}", flush=True)  # noqa: T201

    async def _answer(self, invocation: Invocation) -> httpx2.Response:
        body = await self._body(invocation)
        deadline = asyncio.get_running_loop().time() + WAIT_AT_MOST_S
        while True:
            try:
                answer = await self._ask(body, invocation.headers, ANSWER_WITHIN_S)
                break
            except httpx2.TimeoutException:
                raise _Failed("ClientError: Model invocation timed out.") from None
            except httpx2.TransportError:
                if asyncio.get_running_loop().time() > deadline:
                    raise _Failed("ClientError: The request waited longer than its time to live.") from None
                await asyncio.sleep(_ASK_AGAIN_S)
        if answer.status_code >= 400:
            await self._put(_failure_key(invocation), answer.content)
            side = "client" if answer.status_code < 500 else "server"
            said = answer.text[:_SAID_AT_MOST]
            raise _Failed(
                f'ClientError: Received {side} error ({answer.status_code}) from model with message "{said}".'
            )
        return answer

    async def _body(self, invocation: Invocation) -> bytes:
        if invocation.input_location is None:
            return invocation.body or b""
        bucket, _, key = invocation.input_location.removeprefix("s3://").partition("/")
        try:
            found = await asyncio.to_thread(self._s3.get_object, Bucket=bucket, Key=key)
            return await asyncio.to_thread(found["Body"].read)
        except (ClientError, BotoCoreError):
            raise _Failed(f"ClientError: Failed to download {invocation.input_location}.") from None

    async def _put(self, key: str, content: bytes) -> None:
        await asyncio.to_thread(self._s3.put_object, Bucket=self._exchange.bucket, Key=key, Body=content)

    async def _tell(self, topic: str, invocation: Invocation, status: str, **details: object) -> None:
        asked: dict[str, Any] = {
            "contentType": invocation.headers.get("content-type"),
            "accept": invocation.headers.get("accept"),
            "endpointName": self._name,
            "inputLocation": invocation.input_location,
        }
        news = {
            "awsRegion": topic.split(":")[3],
            "eventTime": _time(datetime.now(UTC)),
            "receivedTime": _time(invocation.received),
            "invocationStatus": status,
            "requestParameters": {key: value for key, value in asked.items() if value is not None},
            **details,
            "inferenceId": invocation.inference_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }
        await asyncio.to_thread(self._sns.publish, TopicArn=topic, Message=json.dumps(news))


def _answer_key(invocation: Invocation) -> str:
    return f"answers/{invocation.stem}.out"


def _failure_key(invocation: Invocation) -> str:
    return f"failures/{invocation.stem}-error.out"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
