"""The objects of the image bucket in which events wait to be written, and the queue's messages of them.

edge-logs/<yyyy>/<mm>/<dd>/<time and a random number>.json.gz; the bucket's lifecycle deletes them after days.
"""

import gzip
import json
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field

from services.logs.kept import KeptEvent

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

FOLDER = "edge-logs"
# Of an answer to one request; its lines are shorter than the events that they are made of.
MOST_UNPACKED = 64_000_000
# Without s3:ListBucket, S3 answers AccessDenied for a missing key.
_MISSING = ("NoSuchKey", "AccessDenied")
_COMPRESSION = 5


class ObjectMissing(Exception):
    """The bucket has no such object, or no longer."""


class ObjectInvalid(Exception):
    """The object is not one that `put` stored."""


class ObjectMessage(BaseModel):
    """What the queue holds of an object: its key, and how many events it has."""

    model_config = ConfigDict(frozen=True, strict=True)

    key: Annotated[str, Field(pattern=rf"^{FOLDER}/[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}/[0-9a-f-]+\.json\.gz$")]
    count: Annotated[int, Field(ge=1)]


def prefix_of(moment: datetime) -> str:
    """Return how the keys of a day begin, in UTC."""
    return f"{FOLDER}/{moment.astimezone(UTC):%Y/%m/%d}/"


def first_key(moment: datetime) -> str:
    """Return what sorts before every key made at `moment` or later, and after every key made before."""
    return f"{prefix_of(moment)}{int(moment.timestamp() * 1000):012x}"


@dataclass(frozen=True)
class LogObjects:
    """Stores and reads objects. Every call blocks, and raises what boto3 raises."""

    s3: "S3Client"
    bucket: str
    kms_key_id: str | None = None

    def put(self, events: Sequence[KeptEvent]) -> ObjectMessage:
        """Store events in an object of their own; return the message for the queue."""
        key = f"{first_key(datetime.now(UTC))}-{secrets.token_hex(8)}.json.gz"
        body = gzip.compress(json.dumps(events, separators=(",", ":")).encode(), _COMPRESSION)
        encryption: dict[str, Any] = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key_id} if self.kms_key_id else {}
        )
        self.s3.put_object(
            Bucket=self.bucket, Key=key, Body=body, ContentType="application/gzip", **encryption
        )
        return ObjectMessage(key=key, count=len(events))

    def get(self, key: str) -> list[KeptEvent]:
        """Return the events of an object; raises ObjectMissing and ObjectInvalid as well."""
        try:
            with self.s3.get_object(Bucket=self.bucket, Key=key)["Body"] as body:
                packed = body.read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise ObjectMissing from error
            raise
        try:
            text = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(packed, MOST_UNPACKED)
            return [_event(*row) for row in json.loads(text)]
        except (zlib.error, ValueError, TypeError) as error:
            raise ObjectInvalid from error


def _event(at_ms: int, event_id: str, line: str) -> KeptEvent:
    if not (isinstance(at_ms, int) and isinstance(event_id, str) and isinstance(line, str)):
        raise TypeError
    return KeptEvent(at_ms, event_id, line)
