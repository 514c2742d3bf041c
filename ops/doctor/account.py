"""The account: whose it is, whether the CDK may deploy into it, and the model in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import code_of
from cli.findings import Finding, failure, ok, warning
from ops.aws.account import physical_ids, resources
from ops.aws.archive import object_exists
from ops.aws.linked_roles import LINKED_SERVICES, linked_role_exists
from settings.naming import parameter_name, stack_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

    from settings.environment import Environment

BOOTSTRAP_VERSION = 6  # what the synthesized assemblies require
DEMO = "demo"
_SCALING = "AWS::ApplicationAutoScaling::ScalableTarget"
_RECREATE = "Set model.paused = true, deploy, then set it to false again."


def credentials(settings: Environment, sts: STSClient) -> Iterator[Finding]:
    """The account, and whose credentials they are."""
    try:
        identity = sts.get_caller_identity()
    except BotoCoreError as error:
        yield failure(
            "credentials",
            f"{str(error).rstrip('.')}.",
            "Sign in: `aws sso login` with AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
        return
    yield ok("credentials", f"account {identity['Account']}, region {settings.region}, as {identity['Arn']}")


def bootstrap(settings: Environment, ssm: SSMClient) -> Iterator[Finding]:
    """Whether the CDK's bootstrap stack is in the account, and new enough."""
    own = settings.bootstrap is not None
    once = "for this environment: it has a qualifier of its own" if own else "per account and region"
    hint = f"Run `make bootstrap ENV={settings.name}`, once {once}."
    try:
        version = ssm.get_parameter(Name=f"/cdk-bootstrap/{settings.qualifier}/version")["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        yield failure("CDK bootstrap", f"{settings.region} of this account is not bootstrapped.", hint)
        return
    if int(version) < BOOTSTRAP_VERSION:
        text = f"version {version} is older than {BOOTSTRAP_VERSION}, which the templates need."
        yield failure("CDK bootstrap", text, hint)
    else:
        yield ok("CDK bootstrap", f"version {version}")


def linked_roles(settings: Environment, iam: IAMClient) -> Iterator[Finding]:
    """Whether the service-linked roles exist: without them a first deployment fails, and a second works."""
    missing = [service for service in LINKED_SERVICES if not linked_role_exists(iam, service)]
    if missing:
        hint = f"Run `make bootstrap ENV={settings.name}`: it makes them."
        yield warning("service-linked roles", f"those of {', '.join(missing)} are missing.", hint)
    else:
        yield ok("service-linked roles", "all are there")


def archive(settings: Environment, ssm: SSMClient, s3: S3Client, *, given: bool) -> Iterator[Finding]:
    """Whether the artifact bucket holds the archive; one that is `given` is uploaded by the deployment."""
    subject, key = "model archive", settings.model.artifact
    if key == DEMO:
        yield ok(subject, "the demo model, which is part of the templates")
        return
    hint = f"Pass it to the deployment: `make deploy ENV={settings.name} ARTIFACT=blip2-endpoint.tar.gz`."
    name = parameter_name(settings.name, "artifact-bucket")
    try:
        bucket = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        if given:
            yield ok(subject, "will be uploaded once its bucket exists")
        else:
            yield warning(subject, f"its bucket does not exist yet, so {key} is missing too.", hint)
        return
    if object_exists(s3, bucket, key):
        yield ok(subject, f"s3://{bucket}/{key}")
    elif given:
        yield ok(subject, f"will be uploaded to s3://{bucket}/{key}")
    else:
        yield failure(subject, f"s3://{bucket}/{key} is missing.", hint)


def endpoint_name(
    settings: Environment, sagemaker: SageMakerClient, cloudformation: CloudFormationClient
) -> Iterator[Finding]:
    """Whether the endpoint's name is free, or our own endpoint has it and can be updated to the settings."""
    subject, name, stack = "endpoint name", settings.model.endpoint_name, stack_name(settings.name, "model")
    try:
        found = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if code_of(error) != "ValidationException":
            raise
        yield ok(subject, f"{name} is free")
        return
    owned = resources(cloudformation, stack)
    if found["EndpointArn"] not in physical_ids(owned):
        yield failure(
            subject,
            f"{name} is in use by an endpoint that {stack} did not make.",
            "Set model.endpoint_name to another name, or delete that endpoint.",
        )
        return
    yield ok(subject, f"{name} is {stack}'s, {found['EndpointStatus']}")
    if settings.model.paused or "EndpointConfigName" not in found:
        return
    scales = bool(physical_ids(owned, _SCALING))
    yield from _updatable(settings, sagemaker, found["EndpointConfigName"], scales=scales)


def _updatable(
    settings: Environment, sagemaker: SageMakerClient, config_name: str, *, scales: bool
) -> Iterator[Finding]:
    subject, model = "endpoint update", settings.model
    config = sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
    running = "async" if "AsyncInferenceConfig" in config else "realtime"
    types = {variant.get("InstanceType", "") for variant in config["ProductionVariants"]}
    if running != model.mode:
        text = f"the endpoint is {running}, model.mode says {model.mode}"
        yield failure(subject, f"{text}: AWS cannot change one into the other.", _RECREATE)
    # The deployed scaling counts, not the settings: it is registered or removed after the endpoint's update.
    if scales and types != {model.instance_type}:
        yield failure(
            subject,
            f"the endpoint runs on {', '.join(sorted(types))}, model.instance_type says "
            f"{model.instance_type}: AWS changes no instance type while scaling is registered.",
            _RECREATE,
        )


def endpoint_logs(
    settings: Environment, logs: CloudWatchLogsClient, cloudformation: CloudFormationClient
) -> Iterator[Finding]:
    """Whether the log groups of endpoint and canary are missing or ours: the model stack makes both."""
    stack, prefix = stack_name(settings.name, "model"), "/aws/sagemaker/Endpoints/"
    subjects = {
        f"{prefix}{settings.model.endpoint_name}": "endpoint log",
        f"{prefix}{settings.model.canary_name}": "canary log",
    }
    # The canary's name begins with the endpoint's.
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=next(iter(subjects)))
    there = {group.get("logGroupName") for page in pages for group in page["logGroups"]} & set(subjects)
    owned = physical_ids(resources(cloudformation, stack), "AWS::Logs::LogGroup") if there else []
    for name, subject in subjects.items():
        if name not in there:
            yield ok(subject, f"{name} is free")
        elif name in owned:
            yield ok(subject, f"{name} is {stack}'s")
        else:
            yield failure(
                subject,
                f"{name} exists, and {stack} did not make it: its own would not be made.",
                "Save what you need of it, then delete it: "
                f"`aws logs delete-log-group --region {settings.region} --log-group-name {name}`.",
            )
