"""The image bucket: the pictures that are kept for a report's life, at photos/<owner>/<report>/<n>.jpg."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.core.domain.errors import ReportNotFound

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def image_keys(owner: str, report_id: str, count: int) -> tuple[str, ...]:
    """Where the report's `count` pictures lie in the bucket."""
    return tuple(f"photos/{owner}/{report_id}/{number}.jpg" for number in range(1, count + 1))


class ImageStore:
    """Puts and erases pictures, encrypted with the bucket's own key. Every call blocks."""

    def __init__(self, s3: "S3Client", bucket: str, kms_key_id: str | None) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._kms_key_id = kms_key_id

    def put(self, key: str, jpeg: bytes) -> None:
        """Store one JPEG."""
        if self._kms_key_id:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=jpeg,
                ContentType="image/jpeg",
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=self._kms_key_id,
            )
        else:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=jpeg, ContentType="image/jpeg")

    def get(self, key: str) -> bytes:
        """One JPEG, or ReportNotFound when it was erased."""
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            # Who may not list a bucket is not told that an object is missing, but refused.
            if error.response["Error"]["Code"] not in ("NoSuchKey", "AccessDenied"):
                raise
            raise ReportNotFound(key.split("/")[-2]) from error

    def erase(self, keys: Sequence[str]) -> None:
        """Delete pictures; one that is gone already is no error."""
        for key in keys:
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def check(self) -> None:
        """Raise unless the bucket answers."""
        # HeadBucket would need the right to list everybody's pictures.
        self._s3.get_bucket_location(Bucket=self._bucket)
