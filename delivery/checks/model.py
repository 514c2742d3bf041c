"""The model's archive and the name of its endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from delivery.aws import parameter_name
from delivery.findings import Finding, code_of, failure, warning, well

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_ssm import SSMClient

    from stacks.environment import Environment

DEMO = "demo"


def archive(settings: Environment, ssm: SSMClient, s3: S3Client, *, at_hand: bool) -> Iterator[Finding]:
    """Whether the archive is in the artifact bucket; with one `at_hand`, the deployment brings it there."""
    subject, key = "model archive", settings.model.artifact
    if key == DEMO:
        yield well(subject, "the demo model, which the templates bring along")
        return
    cure = f"Give it to the deployment: `make deploy ENV={settings.name} ARTIFACT=blip2-endpoint.tar.gz`."
    try:
        bucket = ssm.get_parameter(Name=parameter_name(settings, "artifact-bucket"))["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        if at_hand:
            yield well(subject, "will be uploaded once its bucket is there")
        else:
            yield warning(subject, f"its bucket is not there yet, so {key} is not either.", cure)
        return
    if is_there(s3, bucket, key):
        yield well(subject, f"s3://{bucket}/{key}")
    elif at_hand:
        yield well(subject, f"will be uploaded to s3://{bucket}/{key}")
    else:
        yield failure(subject, f"s3://{bucket}/{key} is not there.", cure)


def is_there(s3: S3Client, bucket: str, key: str) -> bool:
    """Say whether an object is in a bucket; raise ClientError when that cannot be known."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey", "NotFound"):
            return False
        raise
    return True


def endpoint_name(
    settings: Environment, sagemaker: SageMakerClient, cloudformation: CloudFormationClient
) -> Iterator[Finding]:
    """Whether the endpoint's name is free, or the endpoint of that name is our stack's own."""
    subject, name, stack = "endpoint name", settings.model.endpoint_name, f"vitrine-{settings.name}-model"
    try:
        found = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if code_of(error) != "ValidationException":
            raise
        yield well(subject, f"{name} is free")
        return
    if found["EndpointArn"] in _resources(cloudformation, stack):
        yield well(subject, f"{name} is {stack}'s, {found['EndpointStatus']}")
        return
    yield failure(
        subject,
        f"{name} is in use by an endpoint that {stack} did not make.",
        "Set model.endpoint_name to another name, or delete that endpoint.",
    )


def _resources(cloudformation: CloudFormationClient, stack: str) -> set[str]:
    try:
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        return {
            summary.get("PhysicalResourceId", "")
            for page in pages
            for summary in page["StackResourceSummaries"]
        }
    except ClientError as error:
        if code_of(error) == "ValidationError":  # there is no such stack
            return set()
        raise
