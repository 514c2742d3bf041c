"""Bringing a model's archive into the artifact bucket, under the SHA-256 of its content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.errors import UserError, code_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

_BLOCK_BYTES = 1024 * 1024


def verify(file: Path, key: str, advance: Callable[[int], None]) -> None:
    """Raise UserError unless the file's SHA-256 is the one in the key models/<sha256>/…

    `advance` is called with the number of bytes read.
    """
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(_BLOCK_BYTES):
            digest.update(block)
            advance(len(block))
    if digest.hexdigest() != key.split("/")[1]:
        raise UserError(
            f"{file} has the sha256 {digest.hexdigest()}, and the settings say {key}.",
            hint=f"Pass the file of that hash, or set model.artifact to models/{digest.hexdigest()}/"
            f"{key.rsplit('/', 1)[1]}.",
        )


def upload(
    s3: S3Client, file: Path, bucket: str, key: str, advance: Callable[[int], None] = lambda _: None
) -> None:
    """Upload a file in parts with checksums; `advance` is called with the number of bytes sent.

    An interrupted upload leaves no object; run again, it starts over.
    """
    checksum = {"ChecksumAlgorithm": "CRC32"}
    s3.upload_file(Filename=str(file), Bucket=bucket, Key=key, ExtraArgs=checksum, Callback=advance)


def object_exists(s3: S3Client, bucket: str, key: str) -> bool:
    """Say whether an object is in a bucket; raise ClientError when that cannot be known."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey", "NotFound"):
            return False
        raise
    return True
