"""The account: whose it is, whether the CDK may deploy into it, its quotas, and the model in it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cli import cdk
from cli.errors import code_of
from cli.findings import Finding, failure, ok, warning
from ops.aws.account import physical_ids, resources
from ops.aws.archive import object_exists
from settings.naming import parameter_name, stack_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

    from settings.environment import Environment

BOOTSTRAP_VERSION = 6  # what the synthesized assemblies require
CONCURRENT_EXECUTIONS = "L-B99A9384"
USUAL_CONCURRENCY = 1000
_FEW = 100
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
    hint = f"Run `make bootstrap ENV={settings.name}`, once per account and region."
    try:
        version = ssm.get_parameter(Name=f"/cdk-bootstrap/{cdk.QUALIFIER}/version")["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        yield failure("CDK bootstrap", f"{settings.region} of this account is not bootstrapped.", hint)
        return
    if int(version) < BOOTSTRAP_VERSION:
        text = f"version {version} is older than {BOOTSTRAP_VERSION}, which the templates need."
        yield failure("CDK bootstrap", text, hint)
    else:
        yield ok("CDK bootstrap", f"version {version}")


def endpoint_instances(settings: Environment, quotas: ServiceQuotasClient) -> Iterator[Finding]:
    """The account's quota of the endpoint's instance type. An update runs twice the instances."""
    model, subject = settings.model, "endpoint quota"
    name = f"{model.instance_type} for endpoint usage"
    quota = _find(quotas, name)
    if quota is None:
        yield warning(
            subject,
            f"Service Quotas has no “{name}” in {settings.region}.",
            "Check that the region has such instances; model.instance_type chooses others.",
        )
        return
    allowed, least = int(quota["Value"]), max(1, model.min_instances)
    wanted = 2 * model.max_instances
    hint = _increase(settings, "sagemaker", quota["QuotaCode"], wanted)
    if allowed < least and not model.paused:
        yield failure(subject, f"{allowed} {name}; the endpoint starts with {least}.", hint)
    elif allowed < 2 * least:
        text = f"{allowed} {name}: an update needs {2 * least}, since it runs old and new at once."
        yield warning(subject, text, hint)
    elif allowed < wanted:
        grown = f"has grown to {model.max_instances} (model.max_instances)"
        yield warning(
            subject, f"{allowed} {name}: an update while the endpoint {grown} needs {wanted}.", hint
        )
    else:
        yield ok(subject, f"{allowed} {name}, of {wanted} an update needs at most")


def lambda_concurrency(settings: Environment, functions: LambdaClient) -> Iterator[Finding]:
    """The account's limit of concurrent Lambda executions: 10 in new accounts, else 1,000."""
    subject = "Lambda concurrency"
    allowed = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if allowed < _FEW:
        yield warning(
            subject,
            f"{allowed} calls at once, for all functions of the account. The gateway answers 500 "
            f"while more than {allowed} callers sign in at once.",
            _increase(settings, "lambda", CONCURRENT_EXECUTIONS, USUAL_CONCURRENCY),
        )
    else:
        yield ok(subject, f"{allowed} calls at once")


def _find(quotas: ServiceQuotasClient, name: str) -> ServiceQuotaTypeDef | None:
    # Applied quotas first; one that was never changed may be listed among the defaults only.
    applied = quotas.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    defaults = quotas.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode="sagemaker")
    listed = (quota for page in chain[Any](applied, defaults) for quota in page["Quotas"])
    return next((quota for quota in listed if quota["QuotaName"] == name), None)


def _increase(settings: Environment, service: str, code: str, wanted: int) -> str:
    return (
        f"Ask for {wanted}: `aws service-quotas request-service-quota-increase --region {settings.region} "
        f"--service-code {service} --quota-code {code} --desired-value {wanted}`. AWS takes hours to days."
    )


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


def endpoint_log(
    settings: Environment, logs: CloudWatchLogsClient, cloudformation: CloudFormationClient
) -> Iterator[Finding]:
    """Whether the endpoint's log group is missing or ours: the model stack makes one of that name."""
    subject, name = "endpoint log", f"/aws/sagemaker/Endpoints/{settings.model.endpoint_name}"
    stack = stack_name(settings.name, "model")
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    if not any(group.get("logGroupName") == name for page in pages for group in page["logGroups"]):
        yield ok(subject, f"{name} is free")
    elif name in physical_ids(resources(cloudformation, stack), "AWS::Logs::LogGroup"):
        yield ok(subject, f"{name} is {stack}'s")
    else:
        yield failure(
            subject,
            f"{name} exists, and {stack} did not make it: its own would not be made.",
            "Save what you need of it, then delete it: "
            f"`aws logs delete-log-group --region {settings.region} --log-group-name {name}`.",
        )
