"""The vision model behind an async endpoint: a question now, its answer as an object later."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from services.core.domain.errors import ModelUnavailable
from services.core.domain.observation import Observation
from services.core.domain.stored_report import PendingInference, StoredReport, seconds_now
from services.core.vision.endpoint import fault, parse_observation, request_body

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

# What SageMaker takes inline; more travels as an object.
INLINE_BYTES = 128_000
# SageMaker's most; a cold endpoint needs minutes before it looks at the first question.
TTL_S = 21_600
MODEL_WITHIN_S = 60
NOT_FOUND = 404


class AsyncVisionEndpoint:
    """Asks the endpoint, and reads from the exchange bucket what it answered. Every call blocks."""

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
        self.endpoint = endpoint

    def ask(self, stored: StoredReport, photos: Sequence[bytes]) -> PendingInference:
        """Ask about 1–8 JPEG photos, under the report's id; raises ModelUnavailable or ModelRefused."""
        body, input_key = request_body(photos), None
        question: dict[str, Any] = {"Body": body}
        try:
            if len(body) > INLINE_BYTES:
                input_key = f"requests/{stored.report.id}.json"
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=input_key,
                    Body=body,
                    ContentType="application/json",
                    **self._encryption,
                )
                question = {"InputLocation": f"s3://{self._bucket}/{input_key}"}
            answer = self._runtime.invoke_endpoint_async(
                EndpointName=self.endpoint,
                ContentType="application/json",
                Accept="application/json",
                InferenceId=stored.report.id,
                RequestTTLSeconds=TTL_S,
                InvocationTimeoutSeconds=MODEL_WITHIN_S,
                **question,
            )
        except ClientError as error:
            raise fault(self.endpoint, error) from error
        except BotoCoreError as error:
            raise ModelUnavailable(f"the endpoint {self.endpoint} cannot be reached") from error
        attempt = stored.asked.attempt + 1 if stored.asked else 1
        return PendingInference(
            input_key, urlsplit(answer["OutputLocation"]).path[1:], seconds_now(), attempt
        )

    def answer(self, asked: PendingInference, photos: int) -> Observation | None:
        """What the endpoint answered on so many photos; None as long as there is no answer.

        Raises ModelAnswerInvalid when it breaks the contract.
        """
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=asked.output_key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        return parse_observation(body, photos)

    def has_answered(self, asked: PendingInference) -> bool:
        """Whether there is an answer by now."""
        try:
            self._s3.head_object(Bucket=self._bucket, Key=asked.output_key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == NOT_FOUND:
                return False
            raise
        return True

    def forget(self, *keys: str | None) -> None:
        """Delete questions and answers by their keys; what is gone already is no error."""
        for key in keys:
            if key is not None:
                self._s3.delete_object(Bucket=self._bucket, Key=key)
