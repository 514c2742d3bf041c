"""The model's archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.findings import Finding, code_of, failure, warning, well
from ops.aws.session import parameter_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

    from settings.environment import Environment

DEMO = "demo"


def archive(settings: Environment, ssm: SSMClient, s3: S3Client, *, at_hand: bool) -> Iterator[Finding]:
    """Whether the archive is in the artifact bucket; with one `at_hand`, the deployment brings it there."""
    subject, key = "model archive", settings.model.artifact
    if key == DEMO:
        yield well(subject, "the demo model, which the templates bring along")
        return
    hint = f"Give it to the deployment: `make deploy ENV={settings.name} ARTIFACT=blip2-endpoint.tar.gz`."
    try:
        bucket = ssm.get_parameter(Name=parameter_name(settings, "artifact-bucket"))["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        if at_hand:
            yield well(subject, "will be uploaded once its bucket is there")
        else:
            yield warning(subject, f"its bucket is not there yet, so {key} is not either.", hint)
        return
    if is_there(s3, bucket, key):
        yield well(subject, f"s3://{bucket}/{key}")
    elif at_hand:
        yield well(subject, f"will be uploaded to s3://{bucket}/{key}")
    else:
        yield failure(subject, f"s3://{bucket}/{key} is not there.", hint)


def is_there(s3: S3Client, bucket: str, key: str) -> bool:
    """Say whether an object is in a bucket; raise ClientError when that cannot be known."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey", "NotFound"):
            return False
        raise
    return True
