"""What AWS lets the account have: instances of the endpoint, Fargate's vCPUs and concurrent functions."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from cli.findings import Finding, failure, ok, warning
from ops.doctor.account import DEMO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

    from settings.environment import Environment

CONCURRENT_EXECUTIONS = "L-B99A9384"
FARGATE_VCPUS = "L-3032A538"
USUAL_CONCURRENCY = 1000
# AWS refuses a reserved concurrency that leaves fewer unreserved.
UNRESERVED = 100
# What the authorizer, the hooks' app, the sweep and the outbox share while the consumers are busy.
_SPARE = 50
# New accounts may have it where they have no other instance type; the demo model runs on it, without scaling.
_SMALLEST = "ml.t2.medium"


def endpoint_instances(settings: Environment, quotas: ServiceQuotasClient) -> Iterator[Finding]:
    """The account's quota of the endpoint's instance type. An update runs twice the instances."""
    model, subject = settings.model, "endpoint quota"
    name = _endpoint_quota(model.instance_type)
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
        hint += _other_instance(settings, quotas)
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


def _other_instance(settings: Environment, quotas: ServiceQuotasClient) -> str:
    """A way to start today, only where it is one: the demo model, and a quota that is not 0 too."""
    if settings.model.artifact != DEMO or settings.model.instance_type == _SMALLEST:
        return ""
    quota = _find(quotas, _endpoint_quota(_SMALLEST))
    if quota is None or quota["Value"] < 1:
        return ""
    return (
        f" Or start today on {_SMALLEST}, of which the account may have {quota['Value']:.0f}: model.mode = "
        f'"realtime", model.instance_type = "{_SMALLEST}", model.min_instances = 1, model.max_instances = 1. '
        "It is always on."
    )


def _endpoint_quota(instance_type: str) -> str:
    return f"{instance_type} for endpoint usage"


def fargate_vcpus(settings: Environment, quotas: ServiceQuotasClient) -> Iterator[Finding]:
    """The account's quota of Fargate vCPUs. A deployment runs old and new tasks at once."""
    subject, service = "Fargate quota", settings.service
    each = service.cpu_units / 1024
    allowed = _value(quotas, "fargate", FARGATE_VCPUS)
    least, wanted = service.min_tasks * each, 2 * service.max_tasks * each
    hint = (
        f"{_increase(settings, 'fargate', FARGATE_VCPUS, _whole(wanted))} Or lower service.max_tasks or "
        "service.cpu_units."
    )
    if allowed < least:
        text = f"{allowed:g} vCPUs; {service.min_tasks} tasks of {each:g} vCPU need {least:g}."
        yield failure(subject, text, hint)
    elif allowed < wanted:
        text = f"{allowed:g} vCPUs; a deployment while {service.max_tasks} tasks run needs {wanted:g}."
        yield warning(subject, text, hint)
    else:
        yield ok(subject, f"{allowed:g} vCPUs, of {wanted:g} a deployment needs at most")


def lambda_concurrency(settings: Environment, functions: LambdaClient) -> Iterator[Finding]:
    """The account's limit of concurrent Lambda executions, beside what the queues' consumers may take.

    A new account has 10, an older one 1,000.
    """
    subject, consumers = "Lambda concurrency", settings.consumers
    allowed = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    count = 1 + (settings.webhook is not None) + (settings.hooks is not None)
    taken = count * consumers.max_concurrency
    hint = _increase(settings, "lambda", CONCURRENT_EXECUTIONS, max(USUAL_CONCURRENCY, 2 * taken))
    reserved = count * (consumers.reserved_concurrency or 0)
    if reserved and allowed - reserved < UNRESERVED:
        yield failure(
            subject,
            f"{allowed} calls at once; {count} functions reserve {reserved} "
            f"(consumers.reserved_concurrency), and AWS keeps {UNRESERVED} unreserved: the functions would "
            "not be made.",
            f"{hint} Or leave out consumers.reserved_concurrency.",
        )
    elif allowed - taken < _SPARE:
        lower = (allowed - _SPARE) // count
        other = f" Or set consumers.max_concurrency to {lower}." if lower >= 2 else ""
        yield warning(
            subject,
            f"{allowed} calls at once, for all functions of the account; {count} consumers of queues × "
            f"{consumers.max_concurrency} (consumers.max_concurrency) may take {min(taken, allowed)} of "
            "them. Where none is left, the gateway answers 500 to callers who sign in.",
            f"{hint}{other}",
        )
    else:
        yield ok(subject, f"{allowed} calls at once, of which the consumers take {taken} at most")


def _find(quotas: ServiceQuotasClient, name: str) -> ServiceQuotaTypeDef | None:
    # Applied quotas first; one that was never changed may be listed among the defaults only.
    applied = quotas.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    defaults = quotas.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode="sagemaker")
    listed = (quota for page in chain[Any](applied, defaults) for quota in page["Quotas"])
    return next((quota for quota in listed if quota["QuotaName"] == name), None)


def _value(quotas: ServiceQuotasClient, service: str, code: str) -> float:
    try:
        return quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]
    except quotas.exceptions.NoSuchResourceException:
        return quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]


def _whole(vcpus: float) -> int:
    return int(-(-vcpus // 1))


def _increase(settings: Environment, service: str, code: str, wanted: int) -> str:
    return (
        f"Ask for {wanted}: `aws service-quotas request-service-quota-increase --region {settings.region} "
        f"--service-code {service} --quota-code {code} --desired-value {wanted}`. AWS takes hours to days."
    )
