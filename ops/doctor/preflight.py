"""`python -m ops doctor`: what would stop a deployment, found before it starts."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import DENIED, THROTTLED, UNACCEPTED, code_of, is_mistake
from cli.findings import Finding, failure, ok, passed, print_findings, warning
from ops.aws.account import QUICK
from ops.commands import smoke
from ops.doctor import account, analytics, github, notified, quotas, references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    import boto3
    from rich.console import Console

    from settings.environment import Environment

    Check = Callable[[], Iterator[Finding]]

# The host and the key of the committed files, which are placeholders.
_HOST, _KEY = ".invalid", "your_key"
_GPU = ("ml.g", "ml.p")
HOURS_PER_MONTH = 730


def preflight(settings: Environment, session: boto3.Session, *, archive_given: bool) -> list[Finding]:
    """Check the settings and the account without a change, and return all findings.

    Without credentials that AWS accepts, the account is not checked further.
    """
    found = collect("settings", partial(settings_filled, settings, datetime.now(UTC).date()))
    found += collect("smoke test's user", smoke_user)
    found += collect(analytics.SUBJECT, partial(analytics.events_arrive, settings))
    sts = session.client("sts", config=QUICK)
    identity = collect("credentials", partial(account.credentials, settings, sts))
    found += identity
    if passed(identity):
        for subject, check in _checks(settings, session, archive_given):
            found += collect(subject, check)
    return found


def _checks(
    settings: Environment, session: boto3.Session, archive_given: bool
) -> Iterator[tuple[str, Check]]:
    ssm = session.client("ssm", config=QUICK)
    yield "CDK bootstrap", partial(account.bootstrap, settings, ssm)
    iam = session.client("iam", config=QUICK)
    yield "service-linked roles", partial(account.linked_roles, settings, iam)

    ec2 = session.client("ec2", config=QUICK)
    yield "zones", partial(references.zones, settings, ec2)
    if (domain := settings.domain) is not None:
        route53 = session.client("route53", config=QUICK)
        yield f"domain {domain.name}", partial(references.domain_zone, domain, route53)

    limits = session.client("service-quotas", config=QUICK)
    yield "endpoint quota", partial(quotas.endpoint_instances, settings, limits)
    yield "Fargate quota", partial(quotas.fargate_vcpus, settings, limits)
    functions = session.client("lambda", config=QUICK)
    yield "Lambda concurrency", partial(quotas.lambda_concurrency, settings, functions)

    secrets = session.client("secretsmanager", config=QUICK)
    for name in settings.secret_names():
        yield f"secret {name}", partial(references.secret, settings, name, secrets)

    sns = session.client("sns", config=QUICK)
    yield notified.SUBJECT, partial(notified.receiver, settings, sns)

    s3 = session.client("s3", config=QUICK)
    yield "model archive", partial(account.archive, settings, ssm, s3, given=archive_given)
    sagemaker = session.client("sagemaker", config=QUICK)
    cloudformation = session.client("cloudformation", config=QUICK)
    yield "endpoint name", partial(account.endpoint_name, settings, sagemaker, cloudformation)
    if (delivery := settings.delivery) is not None:
        yield github.SUBJECT, partial(github.provider, settings, delivery, iam, cloudformation)
        sts = session.client("sts", config=QUICK)
        yield github.LOOKUP_SUBJECT, partial(github.lookup_role, settings, iam, sts)
        yield github.OTHERS, partial(github.other_environments, settings, iam, sts, cloudformation)
    logs = session.client("logs", config=QUICK)
    yield "endpoint logs", partial(account.endpoint_logs, settings, logs, cloudformation)

    if (digest := settings.image_digest) is None:
        yield references.IMAGE, partial(references.buildable, settings)
    else:
        ecr = session.client("ecr", config=QUICK)
        yield references.IMAGE, partial(references.pushed, settings, digest, ecr)


def print_preflight(findings: Sequence[Finding], console: Console) -> None:
    """Print all findings and whether the environment can be deployed."""
    print_findings(findings, console.file)
    failures = sum(finding.level == "failure" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    if failures:
        console.print(f"Not ready to be deployed: {failures} failed, {warnings} warned.", style="bold red")
    else:
        console.print(f"Ready to be deployed; {warnings} warned.", style="bold green")


def collect(subject: str, check: Check) -> list[Finding]:
    """Return the findings of a check; an error of AWS becomes a finding too."""
    found: list[Finding] = []
    try:
        for finding in check():
            found.append(finding)  # noqa: PERF402 what was found before an error counts
    except ClientError as error:
        found.append(_refused(subject, error))
    except BotoCoreError as error:
        if is_mistake(error):
            raise
        found.append(
            failure(subject, f"AWS does not answer: {error}.", "Check the network and the credentials.")
        )
    return found


def _refused(subject: str, error: ClientError) -> Finding:
    code, operation = code_of(error), error.operation_name
    if code in DENIED:
        return warning(
            subject,
            f"not checked: these credentials may not call {operation}.",
            f"Allow them {operation}, or check it yourself.",
        )
    if code in THROTTLED:
        return warning(subject, f"not checked: AWS throttled {operation}.", "Try again in a minute.")
    if code in UNACCEPTED:
        return failure(
            subject,
            f"AWS does not accept these credentials here ({code}).",
            "Sign in again. With fresh credentials: enable the region in the account's settings.",
        )
    return warning(
        subject,
        f"not checked: {operation} answered {code or error}.",
        "Try again; if it stays, check it yourself.",
    )


def settings_filled(settings: Environment, today: date) -> Iterator[Finding]:
    """Placeholders that are left, and the notices of the settings."""
    subject = f"settings of {settings.name}"
    placeholders = [(key, value) for key, value in _texts(settings.model_dump()) if _is_placeholder(value)]
    for key, value in placeholders:
        yield failure(
            subject, f"{key} is still the placeholder {value}", "Set your own in the environment's file."
        )
    for notice in settings.notices(today):
        if _HOST not in notice:  # reported above
            yield warning(subject, notice, "Change it in the environment's file.")
    yield from _demo_on_a_gpu(settings)
    if not placeholders:
        yield ok(subject, "no placeholder is left")


def _demo_on_a_gpu(settings: Environment) -> Iterator[Finding]:
    model = settings.model
    if model.artifact != account.DEMO or model.paused or not model.instance_type.startswith(_GPU):
        return
    monthly = model.usd_per_hour * HOURS_PER_MONTH
    yield warning(
        "demo model on a GPU",
        f"model.artifact is the demo, which needs no GPU: an {model.instance_type} costs "
        f"{model.usd_per_hour:g} USD an hour, {monthly:.0f} USD a month if it never scales to zero.",
        "Set model.artifact to the full model's archive, or model.instance_type to ml.m5.large.",
    )


def smoke_user() -> Iterator[Finding]:
    """Whether the smoke test has a user to post its photo as."""
    subject = "smoke test's user"
    if smoke.user_is_set():
        yield ok(subject, "is set")
        return
    yield warning(
        subject,
        "none is set, so no photo will be posted to what is deployed.",
        f"Set {smoke.TOKEN}, or {smoke.EMAIL} and {smoke.PASSWORD}.",
    )


def _is_placeholder(value: str) -> bool:
    return (urlsplit(value).hostname or "").endswith(_HOST) or value.endswith(_KEY)


def _texts(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _texts(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield f"{prefix}{key}", value
