"""`python -m ops doctor`: what would keep a deployment from ending well, seen before it begins."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

import boto3
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.findings import Finding, Level, look
from ops.aws.session import QUICK
from ops.doctor import account, endpoint, image, model, network, quotas, secrets_manager, settings_check
from settings.environment import Environment

_MARKS = {Level.OK: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.FAILURE: ("✗", "red")}


def preflight(settings: Environment, session: boto3.Session, *, archive_at_hand: bool) -> list[Finding]:
    """Look at the settings and at the account, changing nothing; return all that was found.

    Without credentials that AWS accepts, the account is not looked at further.
    """
    found = look("settings", partial(settings_check.settings_filled, settings, datetime.now(UTC).date()))
    found += look("smoke test's user", settings_check.smoke_user)
    sts = session.client("sts", config=QUICK)
    who = look("credentials", partial(account.credentials, settings, sts))
    found += who
    if fit(who):
        for subject, check in _looks(settings, session, archive_at_hand):
            found += look(subject, check)
    return found


def _looks(
    settings: Environment, session: boto3.Session, archive_at_hand: bool
) -> Iterator[tuple[str, Callable[[], Iterator[Finding]]]]:
    ssm = session.client("ssm", config=QUICK)
    yield "CDK bootstrap", partial(account.bootstrap, settings, ssm)

    ec2 = session.client("ec2", config=QUICK)
    yield "zones", partial(network.zones, settings, ec2)
    if (domain := settings.domain) is not None:
        route53 = session.client("route53", config=QUICK)
        yield f"domain {domain.name}", partial(network.domain_zone, domain, route53)

    limits = session.client("service-quotas", config=QUICK)
    yield "endpoint quota", partial(quotas.endpoint_instances, settings, limits)
    functions = session.client("lambda", config=QUICK)
    yield "Lambda concurrency", partial(quotas.lambda_concurrency, settings, functions)

    secrets = session.client("secretsmanager", config=QUICK)
    for name in settings.secret_names():
        yield f"secret {name}", partial(secrets_manager.secret, settings, name, secrets)

    s3 = session.client("s3", config=QUICK)
    yield "model archive", partial(model.archive, settings, ssm, s3, at_hand=archive_at_hand)
    sagemaker = session.client("sagemaker", config=QUICK)
    cloudformation = session.client("cloudformation", config=QUICK)
    yield "endpoint name", partial(endpoint.endpoint_name, settings, sagemaker, cloudformation)
    logs = session.client("logs", config=QUICK)
    yield "endpoint log", partial(endpoint.endpoint_log, settings, logs, cloudformation)

    if (digest := settings.image_digest) is None:
        yield image.SUBJECT, partial(image.buildable, settings)
    else:
        ecr = session.client("ecr", config=QUICK)
        yield image.SUBJECT, partial(image.pushed, settings, digest, ecr)


def fit(findings: Sequence[Finding]) -> bool:
    """Say whether nothing found keeps the environment from being deployed."""
    return all(finding.level is not Level.FAILURE for finding in findings)


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print a table of all that was found, and what it comes to."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=30)
    table.add_column(overflow="fold", ratio=1)
    for finding in findings:
        mark, style = _MARKS[finding.level]
        text = Text(finding.text)
        if finding.hint:
            text.append(f"\ncure: {finding.hint}", style="dim")
        table.add_row(Text(mark, style=style), Text(finding.subject), text)
    console.print(table, soft_wrap=False)
    failures = sum(finding.level is Level.FAILURE for finding in findings)
    warnings = sum(finding.level is Level.WARNING for finding in findings)
    if failures:
        console.print(
            Text(f"Not fit to be deployed: {failures} failed, {warnings} warned.", style="bold red")
        )
    else:
        console.print(Text(f"Fit to be deployed; {warnings} warned.", style="bold green"))
