"""Bringing a model's archive into the artifact bucket, under the hash of its content.

An upload that was interrupted goes on where it was: S3 keeps the parts that arrived (for a day, by the
bucket's lifecycle), and the key says that they are of the same content.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from cli.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef

PART_BYTES = 16 * 1024 * 1024
_AT_ONCE = 4
_BLOCK_BYTES = 1024 * 1024


def verify(file: Path, key: str, advance: Callable[[int], None]) -> None:
    """Raise DeliveryError unless the file's sha256 is the one in the key models/<sha256>/…"""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(_BLOCK_BYTES):
            digest.update(block)
            advance(len(block))
    if digest.hexdigest() != key.split("/")[1]:
        raise UserError(
            f"{file} has the sha256 {digest.hexdigest()}, and the settings say {key}.",
            hint=f"Give the file of that hash, or set model.artifact to models/{digest.hexdigest()}/"
            f"{key.rsplit('/', 1)[1]}.",
        )


def upload(
    s3: S3Client,
    file: Path,
    bucket: str,
    key: str,
    advance: Callable[[int], None],
    part_bytes: int = PART_BYTES,
) -> int:
    """Upload a file in parts, leaving out those that arrived before; return how many bytes were left out."""
    size = file.stat().st_size
    upload_id = _unfinished(s3, bucket, key) or _begin(s3, bucket, key)
    starts = dict(enumerate(range(0, size, part_bytes), start=1))
    arrived = {
        number: min(part_bytes, size - starts[number])
        for number, part in _parts(s3, bucket, key, upload_id).items()
        if number in starts and part["Size"] == min(part_bytes, size - starts[number])
    }
    advance(sum(arrived.values()))

    def send(number: int) -> None:
        with file.open("rb") as content:
            content.seek(starts[number])
            body = content.read(part_bytes)
        s3.upload_part(
            Bucket=bucket,
            Key=key,
            UploadId=upload_id,
            PartNumber=number,
            Body=body,
            ChecksumAlgorithm="CRC32",
        )
        advance(len(body))

    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        for sent in [pool.submit(send, number) for number in starts if number not in arrived]:
            sent.result()
    finally:
        pool.shutdown(cancel_futures=True)  # what is on its way arrives; nothing else sets out
    parts = _parts(s3, bucket, key, upload_id)
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key=key,
        UploadId=upload_id,
        MultipartUpload={"Parts": [_completed(parts[number]) for number in starts]},
    )
    return sum(arrived.values())


def _begin(s3: S3Client, bucket: str, key: str) -> str:
    # Said to each part too: S3 refuses parts whose checksums are of another kind than the upload's.
    return s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm="CRC32")["UploadId"]


def _unfinished(s3: S3Client, bucket: str, key: str) -> str | None:
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=key)
    begun = [one for page in pages for one in page.get("Uploads", []) if one["Key"] == key]
    return max(begun, key=lambda one: one["Initiated"])["UploadId"] if begun else None


def _parts(s3: S3Client, bucket: str, key: str, upload_id: str) -> dict[int, PartTypeDef]:
    pages = s3.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload_id)
    return {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}


def _completed(part: PartTypeDef) -> CompletedPartTypeDef:
    completed: CompletedPartTypeDef = {"PartNumber": part["PartNumber"], "ETag": part["ETag"]}
    if checksum := part.get("ChecksumCRC32"):
        completed["ChecksumCRC32"] = checksum
    return completed
