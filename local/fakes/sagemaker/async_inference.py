"""SageMaker's Async Inference in front of one model server: a queue, answers in S3, notifications by SNS."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2

from services.core.aws import CALL_ERRORS

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sns.client import SNSClient

INLINE_LIMIT = 128_000
INVOCATION_TIMEOUT_S = 900.0
REQUEST_TTL_S = 6 * 3600.0
_RETRY_S = 1.0
_ERROR_TEXT_LIMIT = 1024


@dataclass(frozen=True)
class OutputConfig:
    """The bucket for answers and failures, and the ARNs of the topics that are notified."""

    bucket: str
    success_topic: str
    error_topic: str


@dataclass(frozen=True)
class Invocation:
    """A request of `invoke_endpoint_async`: its body, or the s3:// address of its body."""

    inference_id: str
    headers: Mapping[str, str]
    body: bytes | None
    input_location: str | None
    stem: str = field(default_factory=lambda: str(uuid.uuid4()))
    received: datetime = field(default_factory=lambda: datetime.now(UTC))


class _InvocationFailed(Exception):
    """The invocation has no answer; the text is SageMaker's failure reason."""


Invoke = Callable[[bytes, Mapping[str, str], float], Awaitable[httpx2.Response]]


@dataclass
class InferenceQueue:
    """The queue of one endpoint, processed one request at a time; it is lost when the process ends.

    As on SageMaker, a request waits while the model server is unreachable, and its end is notified once.
    """

    name: str
    invoke: Invoke
    output: OutputConfig
    s3: "S3Client"
    sns: "SNSClient"
    _queue: asyncio.Queue[Invocation] = field(default_factory=asyncio.Queue)

    def enqueue(self, invocation: Invocation) -> tuple[str, str]:
        """Queue a request; return the addresses where its answer or its failure will be stored."""
        self._queue.put_nowait(invocation)
        return self._location(_answer_key(invocation)), self._location(_failure_key(invocation))

    async def process(self) -> None:
        """Process the queue until this is cancelled."""
        while True:
            invocation = await self._queue.get()
            try:
                answer = await self._infer(invocation)
                await self._store(_answer_key(invocation), answer.content)
                parameters = {
                    "contentType": answer.headers.get("content-type", ""),
                    "outputLocation": self._location(_answer_key(invocation)),
                }
                await self._notify(invocation, "Completed", responseParameters=parameters)
            except _InvocationFailed as failure:
                with suppress(*CALL_ERRORS):
                    await self._notify(invocation, "Failed", failureReason=str(failure))
            except CALL_ERRORS as error:
                # The emulator has ended, and its stored requests with it: no consumer waits for this answer.
                print(f"{invocation.inference_id} is lost: {type(error).__name__}", flush=True)  # noqa: T201

    async def _infer(self, invocation: Invocation) -> httpx2.Response:
        body = await self._body(invocation)
        deadline = asyncio.get_running_loop().time() + REQUEST_TTL_S
        while True:
            try:
                answer = await self.invoke(body, invocation.headers, INVOCATION_TIMEOUT_S)
                break
            except httpx2.TimeoutException:
                raise _InvocationFailed("ClientError: Model invocation timed out.") from None
            except httpx2.TransportError:
                if asyncio.get_running_loop().time() > deadline:
                    reason = "ClientError: The request waited longer than its time to live."
                    raise _InvocationFailed(reason) from None
                await asyncio.sleep(_RETRY_S)
        if answer.status_code >= 400:
            await self._store(_failure_key(invocation), answer.content)
            side = "client" if answer.status_code < 500 else "server"
            text = answer.text[:_ERROR_TEXT_LIMIT]
            raise _InvocationFailed(
                f'ClientError: Received {side} error ({answer.status_code}) from model with message "{text}".'
            )
        return answer

    async def _body(self, invocation: Invocation) -> bytes:
        if invocation.input_location is None:
            return invocation.body or b""
        bucket, _, key = invocation.input_location.removeprefix("s3://").partition("/")
        try:
            stored = await asyncio.to_thread(self.s3.get_object, Bucket=bucket, Key=key)
            return await asyncio.to_thread(stored["Body"].read)
        except CALL_ERRORS:
            reason = f"ClientError: Failed to download {invocation.input_location}."
            raise _InvocationFailed(reason) from None

    async def _store(self, key: str, content: bytes) -> None:
        await asyncio.to_thread(self.s3.put_object, Bucket=self.output.bucket, Key=key, Body=content)

    async def _notify(self, invocation: Invocation, status: str, **details: object) -> None:
        topic = self.output.success_topic if status == "Completed" else self.output.error_topic
        parameters: dict[str, Any] = {
            "contentType": invocation.headers.get("content-type"),
            "accept": invocation.headers.get("accept"),
            "endpointName": self.name,
            "inputLocation": invocation.input_location,
        }
        notification = {
            "awsRegion": topic.split(":")[3],
            "eventTime": _timestamp(datetime.now(UTC)),
            "receivedTime": _timestamp(invocation.received),
            "invocationStatus": status,
            "requestParameters": {key: value for key, value in parameters.items() if value is not None},
            **details,
            "inferenceId": invocation.inference_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }
        await asyncio.to_thread(self.sns.publish, TopicArn=topic, Message=json.dumps(notification))

    def _location(self, key: str) -> str:
        return f"s3://{self.output.bucket}/{key}"


def _answer_key(invocation: Invocation) -> str:
    return f"answers/{invocation.stem}.out"


def _failure_key(invocation: Invocation) -> str:
    return f"failures/{invocation.stem}-error.out"


def _timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
