"""SageMaker Async Inference: a request is accepted, and its answer becomes an object in a bucket."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from catalogue import Catalogue
from services.core.aws import CALL_ERRORS
from services.core.domain.errors import ModelFault, ModelUnavailable
from services.core.domain.observation import LostInference, Observation, PendingInference
from services.core.domain.stored_report import seconds_now
from services.core.vision.answer import read_answer
from services.core.vision.endpoint import VisionEndpoint, request_body, trace_parameters

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

NOT_FOUND = 404
# SageMaker's limit for an inline request; a longer one is sent as an object.
INLINE_BYTES = 128_000
# Stands for a report in the requests of an operator, who reads and deletes their outcomes.
PROBE = "smoke"
# SageMaker's maximum. An endpoint at zero instances takes minutes until it reads its first request.
TTL_S = 21_600
# SageMaker has dropped a request that is older than this.
LOST_AFTER_S = TTL_S + 600
INVOCATION_TIMEOUT_S = 60


def request_key(report_id: str) -> str:
    """The key of a report's stored request, known before it is stored; each attempt writes the same."""
    return f"requests/{report_id}.json"


class AsyncVisionEndpoint(VisionEndpoint):
    """Sends requests to the endpoint, and reads its answers from the exchange bucket."""

    def __init__(
        self,
        runtime: "SageMakerRuntimeClient",
        s3: "S3Client",
        *,
        endpoint: str,
        bucket: str,
        kms_key_id: str | None,
        catalogue: Catalogue,
        wear_tiles: int = 0,
    ) -> None:
        super().__init__(runtime, endpoint, catalogue, wear_tiles)
        self._s3 = s3
        self._bucket = bucket
        self._encryption: dict[str, Any] = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id} if kms_key_id else {}
        )

    def infer(self, report_id: str, photos: Sequence[bytes], attempt: int) -> PendingInference:
        """Send the photos and return where the answer will be; a request that is not sent is not kept.

        The inference id starts with the report's and is used once, so a late notification of an earlier
        request is recognised.
        """
        body, input_key = request_body(photos, self.catalogue, self.wear_tiles), None
        inference_id = f"{report_id}.{secrets.token_hex(8)}"
        request: dict[str, Any] = {"Body": body}
        try:
            if len(body) > INLINE_BYTES:
                input_key = request_key(report_id)
                self._store(input_key, body)
                request = {"InputLocation": f"s3://{self._bucket}/{input_key}"}
            with self._faults():
                answer = self._runtime.invoke_endpoint_async(
                    EndpointName=self.name,
                    ContentType="application/json",
                    Accept="application/json",
                    InferenceId=inference_id,
                    RequestTTLSeconds=TTL_S,
                    InvocationTimeoutSeconds=INVOCATION_TIMEOUT_S,
                    **trace_parameters(),
                    **request,
                )
        except ModelFault:
            with suppress(*CALL_ERRORS):
                self.delete(input_key)
            raise
        return PendingInference(
            input_key,
            _key(answer["OutputLocation"]),
            seconds_now(),
            attempt,
            inference_id,
            _key(answer["FailureLocation"]) if "FailureLocation" in answer else None,
        )

    def _store(self, key: str, body: bytes) -> None:
        # After any error of S3, nothing is wrong with the request: a later one may succeed.
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", **self._encryption
            )
        except CALL_ERRORS as error:
            raise ModelUnavailable(f"the request to {self.name} cannot be stored") from error

    def is_working_on(self, pending: PendingInference) -> bool:
        """Whether there is no answer yet, and the request is young enough to get one."""
        try:
            self._s3.head_object(Bucket=self._bucket, Key=pending.output_key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != NOT_FOUND:
                raise
            return not _is_lost(pending)
        return False

    def result(
        self, pending: PendingInference, photos: int, *, announced: bool = False
    ) -> Observation | PendingInference | LostInference:
        """The answer about so many photos, or whether it can still come."""
        try:
            body = read_answer(self._s3.get_object(Bucket=self._bucket, Key=pending.output_key)["Body"])
        except self._s3.exceptions.NoSuchKey:
            return LostInference() if announced or _is_lost(pending) else pending
        return self._observation(body, photos)

    def delete(self, *keys: str | None) -> None:
        """Delete requests and answers by their keys; a missing object is no error."""
        for key in keys:
            if key is not None:
                self._s3.delete_object(Bucket=self._bucket, Key=key)

    def erase(self, report_id: str, pending: PendingInference | None) -> None:
        """Delete the report's request, also if it is not recorded, and the outcome of its inference."""
        outcome = (pending.output_key, pending.failure_key) if pending else ()
        self.delete(request_key(report_id), *outcome)


def _key(location: str) -> str:
    return urlsplit(location).path[1:]


def _is_lost(pending: PendingInference) -> bool:
    return pending.at + LOST_AFTER_S < seconds_now()
