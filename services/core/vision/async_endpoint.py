"""The vision model behind an async endpoint: a request now, its answer as an object in S3 later."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from services.core.domain.errors import ModelUnavailable
from services.core.domain.observation import LostInference, Observation, PendingInference
from services.core.domain.stored_report import seconds_now
from services.core.vision.endpoint import fault, parse_observation, request_body

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

# SageMaker's limit for an inline request; a longer one is sent as an object.
INLINE_BYTES = 128_000
# SageMaker's maximum. An endpoint at zero instances takes minutes until it reads its first request.
TTL_S = 21_600
# SageMaker has dropped a request that is older than this.
LOST_AFTER_S = TTL_S + 600
INVOCATION_TIMEOUT_S = 60
NOT_FOUND = 404


class AsyncVisionEndpoint:
    """Sends requests to the endpoint, and reads its answers from the exchange bucket. Every call blocks."""

    def __init__(
        self,
        runtime: "SageMakerRuntimeClient",
        s3: "S3Client",
        *,
        endpoint: str,
        bucket: str,
        kms_key_id: str | None,
    ) -> None:
        self._runtime = runtime
        self._s3 = s3
        self._bucket = bucket
        self._encryption: dict[str, Any] = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id} if kms_key_id else {}
        )
        self.name = endpoint

    def infer(self, report_id: str, photos: Sequence[bytes], attempt: int) -> PendingInference:
        """Send 1–8 JPEG photos under the report's id; raises ModelUnavailable or ModelRefused."""
        body, input_key = request_body(photos), None
        request: dict[str, Any] = {"Body": body}
        try:
            if len(body) > INLINE_BYTES:
                input_key = f"requests/{report_id}.json"
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=input_key,
                    Body=body,
                    ContentType="application/json",
                    **self._encryption,
                )
                request = {"InputLocation": f"s3://{self._bucket}/{input_key}"}
            answer = self._runtime.invoke_endpoint_async(
                EndpointName=self.name,
                ContentType="application/json",
                Accept="application/json",
                InferenceId=report_id,
                RequestTTLSeconds=TTL_S,
                InvocationTimeoutSeconds=INVOCATION_TIMEOUT_S,
                **request,
            )
        except ClientError as error:
            raise fault(self.name, error) from error
        except BotoCoreError as error:
            raise ModelUnavailable(f"the endpoint {self.name} cannot be reached") from error
        output_key = urlsplit(answer["OutputLocation"]).path[1:]
        return PendingInference(input_key, output_key, seconds_now(), attempt)

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
        self, pending: PendingInference, photos: int
    ) -> Observation | PendingInference | LostInference:
        """The answer about so many photos, or whether it can still come.

        Raises ModelAnswerInvalid if the answer breaks the contract.
        """
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=pending.output_key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return LostInference() if _is_lost(pending) else pending
        return parse_observation(body, photos)

    def delete(self, *keys: str | None) -> None:
        """Delete requests and answers by their keys; a missing object is no error."""
        for key in keys:
            if key is not None:
                self._s3.delete_object(Bucket=self._bucket, Key=key)


def _is_lost(pending: PendingInference) -> bool:
    return pending.at + LOST_AFTER_S < seconds_now()
