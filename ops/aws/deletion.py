"""Deletions that AWS finishes after the call, and of what keeps a resource from being deleted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.errors import UserError, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_s3 import S3Client

_POLL_S = 5.0
_WAIT_S = 1200.0


def wait_until_gone(left: Callable[[], Sequence[str]]) -> None:
    """Call `left`, which deletes what it can, until it returns nothing; raise UserError after 20 minutes."""
    ends = time.monotonic() + _WAIT_S
    while found := left():
        if time.monotonic() >= ends:
            raise UserError(
                f"After {_WAIT_S / 60:.0f} minutes AWS still has {', '.join(found)}.",
                hint="Look at it in the AWS console. Then run the same command again: it continues.",
            )
        time.sleep(_POLL_S)


def unless_absent(call: Callable[[], object]) -> None:
    """Call AWS; what is gone already is no error."""
    try:
        call()
    except ClientError as error:
        # Services differ: ResourceNotFound, MountTargetNotFound, ResourceNotFoundException, ….NotFound.
        if "NotFound" not in code_of(error):
            raise


def empty_bucket(s3: S3Client, bucket: str, report: Callable[[str], None]) -> None:
    """Delete every object of a bucket without versions; raise UserError where S3 keeps one."""
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            objects = page.get("Contents", [])
            if objects:
                report(f"… deleting {len(objects)} objects of {bucket}")
                errors = s3.delete_objects(
                    Bucket=bucket, Delete={"Objects": [{"Key": one["Key"]} for one in objects]}
                ).get("Errors", [])
                if errors:
                    raise UserError(
                        f"S3 does not delete {errors[0].get('Key')} of {bucket}: {errors[0].get('Message')}.",
                        hint="Empty the bucket. Then run the same command again: it continues.",
                    )
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
