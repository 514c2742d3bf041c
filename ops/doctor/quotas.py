"""What AWS lets the account have: instances of the endpoint, and Lambda calls at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.findings import Finding, failure, warning, well

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

    from settings.environment import Environment

CONCURRENT_EXECUTIONS = "L-B99A9384"
USUAL_CONCURRENCY = 1000
_FEW = 100


def endpoint_instances(settings: Environment, quotas: ServiceQuotasClient) -> Iterator[Finding]:
    """The account's quota of the endpoint's instance type. An update runs twice the instances."""
    model, subject = settings.model, "endpoint quota"
    name = f"{model.instance_type} for endpoint usage"
    quota = _find(quotas, name)
    if quota is None:
        yield warning(
            subject,
            f"Service Quotas knows no “{name}” in {settings.region}.",
            "See whether the region has such instances; model.instance_type chooses others.",
        )
        return
    allowed, least = int(quota["Value"]), max(1, model.min_instances)
    wanted = 2 * model.max_instances
    hint = _ask(settings, "sagemaker", quota["QuotaCode"], wanted)
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
        yield well(subject, f"{allowed} {name}, of {wanted} that an update needs at most")


def lambda_concurrency(settings: Environment, functions: LambdaClient) -> Iterator[Finding]:
    """How many Lambda calls the account may have at once; new accounts have 10, others 1,000."""
    subject = "Lambda concurrency"
    allowed = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if allowed < _FEW:
        yield warning(
            subject,
            f"{allowed} calls at once, for all functions of the account. The gateway answers 500 "
            f"while more than {allowed} callers sign in anew.",
            _ask(settings, "lambda", CONCURRENT_EXECUTIONS, USUAL_CONCURRENCY),
        )
    else:
        yield well(subject, f"{allowed} calls at once")


def _find(quotas: ServiceQuotasClient, name: str) -> ServiceQuotaTypeDef | None:
    # What the account has been given; a quota that nobody touched may stand among the defaults only.
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


def _ask(settings: Environment, service: str, code: str, wanted: int) -> str:
    return (
        f"Ask for {wanted}: `aws service-quotas request-service-quota-increase --region {settings.region} "
        f"--service-code {service} --quota-code {code} --desired-value {wanted}`. AWS takes hours to days."
    )
