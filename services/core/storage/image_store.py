"""The image bucket, encrypted with its own key.

photos/<owner>/<report>/<n>.jpg     the photos of a report, as long as it lives
uploads/<owner>/<id>                photos that clients send straight to the bucket, and then name by id
An upload's key holds its owner, so another user's upload is not found. The bucket's lifecycle deletes unused
ones.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from ulid import ULID

from services.core.domain.errors import ReportNotFound, TooLarge, UploadNotFound

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MAX_UPLOAD_BYTES = 25_000_000
OFFER_LIFE = timedelta(minutes=10)
# Below the least time for which the role's credentials still hold when botocore renews them: a link that they
# sign ends with them.
LINK_LIFE = timedelta(minutes=10)
_LINK_S = int(LINK_LIFE.total_seconds())
UPLOAD_ID = r"^[0-9A-HJKMNP-TV-Z]{26}$"
# Without s3:ListBucket, S3 answers AccessDenied for a missing key.
_MISSING = ("NoSuchKey", "AccessDenied")
logger = logging.getLogger(__name__)


def image_keys(owner: str, report_id: str, count: int) -> tuple[str, ...]:
    """The keys of the report's `count` photos."""
    return tuple(f"photos/{owner}/{report_id}/{number}.jpg" for number in range(1, count + 1))


class ImageStore:
    """Stores and deletes the photos of reports. Every call blocks."""

    def __init__(self, s3: "S3Client", bucket: str, kms_key_id: str | None) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._encryption: dict[str, Any] = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id} if kms_key_id else {}
        )

    def put(self, key: str, jpeg: bytes) -> None:
        """Store one JPEG."""
        self._s3.put_object(
            Bucket=self._bucket, Key=key, Body=jpeg, ContentType="image/jpeg", **self._encryption
        )

    def get(self, key: str) -> bytes:
        """One JPEG; raises ReportNotFound if it was deleted."""
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            raise ReportNotFound(key.split("/")[-2]) from error

    def delete(self, keys: Sequence[str]) -> None:
        """Delete JPEGs; a missing one is no error."""
        for key in keys:
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def link(self, key: str) -> tuple[str, datetime]:
        """A URL by which anyone may get the JPEG, and until when; makes no call.

        Raises ValueError for a client without PRESIGNING.
        """
        _check_presigning(self._s3)
        parameters = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentDisposition": "inline",
            "ResponseContentType": "image/jpeg",
            "ResponseCacheControl": f"private, max-age={_LINK_S}",
        }
        expires_at = datetime.now(UTC).replace(microsecond=0) + LINK_LIFE
        return self._s3.generate_presigned_url("get_object", parameters, _LINK_S), expires_at

    def probe(self) -> None:
        """Raise what boto3 raises unless the bucket answers."""
        # HeadBucket would need the permission to list all users' photos.
        self._s3.get_bucket_location(Bucket=self._bucket)


@dataclass(frozen=True)
class Offer:
    """Where one photo may be sent until `expires_at`: a form POST to `url`.

    The form has `fields`, then `Content-Type` (an image's), then the photo as `file`.
    """

    id: str
    url: str
    fields: dict[str, str]
    expires_at: datetime


class Uploads:
    """Offers, fetches and deletes uploads. Raises ValueError for a client without PRESIGNING."""

    def __init__(self, s3: "S3Client", bucket: str, kms_key_id: str | None) -> None:
        _check_presigning(s3)
        self._s3 = s3
        self._bucket = bucket
        header = "x-amz-server-side-encryption"
        self._fields = {header: "aws:kms", f"{header}-aws-kms-key-id": kms_key_id} if kms_key_id else {}

    def offer(self, owner: str) -> Offer:
        """Sign a form for one photo of 1 to MAX_UPLOAD_BYTES bytes; makes no call."""
        now = datetime.now(UTC)
        upload_id = str(ULID.from_datetime(now))
        conditions: list[Any] = [
            *({name: value} for name, value in self._fields.items()),
            ["starts-with", "$Content-Type", "image/"],
            ["content-length-range", 1, MAX_UPLOAD_BYTES],
        ]
        made = self._s3.generate_presigned_post(
            self._bucket,
            _key(owner, upload_id),
            Fields={**self._fields},
            Conditions=conditions,
            ExpiresIn=int(OFFER_LIFE.total_seconds()),
        )
        return Offer(upload_id, made["url"], made["fields"], now + OFFER_LIFE)

    def fetch(self, owner: str, upload_id: str) -> bytes:
        """The bytes of one of the owner's uploads; blocks.

        Raises UploadNotFound, or TooLarge before a byte is read.
        """
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=_key(owner, upload_id))
        except ClientError as error:
            if (code := error.response["Error"]["Code"]) not in _MISSING:
                raise
            logger.info("upload not found", extra={"upload": upload_id, "reason": code})
            raise UploadNotFound(upload_id) from error
        with found["Body"] as body:
            if found["ContentLength"] > MAX_UPLOAD_BYTES:
                limit = f"holds {upload_id}, which is over {MAX_UPLOAD_BYTES // 1_000_000} MB"
                raise TooLarge("upload_ids", limit, "Send a smaller photo")
            return body.read()

    def delete(self, owner: str, upload_ids: Sequence[str]) -> None:
        """Delete uploads of the owner; a missing one is no error. Blocks."""
        for upload_id in upload_ids:
            self._s3.delete_object(Bucket=self._bucket, Key=_key(owner, upload_id))


def _check_presigning(s3: "S3Client") -> None:
    if (getattr(s3.meta.config, "s3", None) or {}).get("addressing_style") != "virtual":
        raise ValueError("the S3 client has to be made with PRESIGNING in its configuration")


def _key(owner: str, upload_id: str) -> str:
    if not re.fullmatch(UPLOAD_ID, upload_id):
        raise UploadNotFound(upload_id)
    return f"uploads/{owner}/{upload_id}"
