"""Photos that clients send straight to the image bucket, at uploads/<owner>/<id>, and then name by id.

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

from services.core.domain.errors import TooLarge, UploadNotFound

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MAX_UPLOAD_BYTES = 25_000_000
OFFER_LIFE = timedelta(minutes=10)
UPLOAD_ID = r"^[0-9A-HJKMNP-TV-Z]{26}$"
logger = logging.getLogger(__name__)


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
    """Offers, fetches and deletes uploads, encrypted with the bucket's own key.

    Raises ValueError for a client without PRESIGNING.
    """

    def __init__(self, s3: "S3Client", bucket: str, kms_key_id: str | None) -> None:
        if (getattr(s3.meta.config, "s3", None) or {}).get("addressing_style") != "virtual":
            raise ValueError("the S3 client has to be made with PRESIGNING in its configuration")
        self._s3 = s3
        self._bucket = bucket
        self._kms_key_id = kms_key_id

    def offer(self, owner: str) -> Offer:
        """Sign a form for one photo of 1 to MAX_UPLOAD_BYTES bytes; makes no call."""
        now = datetime.now(UTC)
        upload_id = str(ULID.from_datetime(now))
        fields = {}
        if self._kms_key_id:
            fields = {
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": self._kms_key_id,
            }
        conditions: list[Any] = [
            *({name: value} for name, value in fields.items()),
            ["starts-with", "$Content-Type", "image/"],
            ["content-length-range", 1, MAX_UPLOAD_BYTES],
        ]
        made = self._s3.generate_presigned_post(
            self._bucket,
            _key(owner, upload_id),
            Fields=fields,
            Conditions=conditions,
            ExpiresIn=int(OFFER_LIFE.total_seconds()),
        )
        return Offer(upload_id, made["url"], made["fields"], now + OFFER_LIFE)

    def fetch(self, owner: str, upload_id: str) -> bytes:
        """The bytes of one of the owner's uploads; blocks.

        Raises UploadNotFound, or TooLarge before a byte is read.
        """
        key = _key(owner, upload_id)
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            # Without s3:ListBucket, S3 answers AccessDenied for a missing key.
            if (code := error.response["Error"]["Code"]) not in ("NoSuchKey", "AccessDenied"):
                raise
            logger.info("upload not found", extra={"upload": upload_id, "answer": code})
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


def _key(owner: str, upload_id: str) -> str:
    if not re.fullmatch(UPLOAD_ID, upload_id):
        raise UploadNotFound(upload_id)
    return f"uploads/{owner}/{upload_id}"
