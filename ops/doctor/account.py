"""The account: whose it is, whether the CDK may deploy into it, and its quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError

from cli import cdk
from cli.findings import Finding, failure, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

    from settings.environment import Environment

BOOTSTRAP_VERSION = 6  # what the synthesized assemblies require
CONCURRENT_EXECUTIONS = "L-B99A9384"
USUAL_CONCURRENCY = 1000
_FEW = 100


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
        yield warning(
            subject,
            f"{allowed} {name}: an update needs {2 * least}, since it runs old and new at once.",
            hint,
        )
    elif allowed < wanted:
        yield warning(
            subject,
            f"{allowed} {name}: an update while the endpoint has grown to {model.max_instances} "
            f"(model.max_instances) needs {wanted}.",
            hint,
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
    for page in applied:
        for quota in page["Quotas"]:
            if quota["QuotaName"] == name:
                return quota
    for default in quotas.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode="sagemaker"):
        for quota in default["Quotas"]:
            if quota["QuotaName"] == name:
                return quota
    return None


def _increase(settings: Environment, service: str, code: str, wanted: int) -> str:
    return (
        f"Ask for {wanted}: `aws service-quotas request-service-quota-increase --region {settings.region} "
        f"--service-code {service} --quota-code {code} --desired-value {wanted}`. AWS takes hours to days."
    )
