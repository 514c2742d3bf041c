"""The image bucket: the photos of each report as long as it lives, at photos/<owner>/<report>/<n>.jpg."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.core.domain.errors import ReportNotFound

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def image_keys(owner: str, report_id: str, count: int) -> tuple[str, ...]:
    """The keys of the report's `count` photos."""
    return tuple(f"photos/{owner}/{report_id}/{number}.jpg" for number in range(1, count + 1))


class ImageStore:
    """Stores and deletes JPEGs, encrypted with the bucket's own key. Every call blocks."""

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
        """One JPEG; raises ReportNotFound if it was deleted."""
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            # Without s3:ListBucket, S3 answers AccessDenied for a missing key.
            if error.response["Error"]["Code"] not in ("NoSuchKey", "AccessDenied"):
                raise
            raise ReportNotFound(key.split("/")[-2]) from error

    def delete(self, keys: Sequence[str]) -> None:
        """Delete JPEGs; a missing one is no error."""
        for key in keys:
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def probe(self) -> None:
        """Raise what boto3 raises unless the bucket answers."""
        # HeadBucket would need the permission to list all users' photos.
        self._s3.get_bucket_location(Bucket=self._bucket)
