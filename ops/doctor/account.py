"""Whose account it is, and whether the CDK may deploy into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError

from cli.findings import Finding, failure, well

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

    from settings.environment import Environment

QUALIFIER = "hnb659fds"  # the CDK's default
BOOTSTRAP_VERSION = 6  # what the synthesized assemblies require; a test holds it to them


def credentials(settings: Environment, sts: STSClient) -> Iterator[Finding]:
    """The account, and who asks."""
    try:
        identity = sts.get_caller_identity()
    except BotoCoreError as error:
        yield failure(
            "credentials",
            f"{str(error).rstrip('.')}.",
            "Sign in: `aws sso login` with AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
        return
    yield well(
        "credentials", f"account {identity['Account']}, region {settings.region}, as {identity['Arn']}"
    )


def bootstrap(settings: Environment, ssm: SSMClient) -> Iterator[Finding]:
    """The CDK's own stack in the account, and whether it is new enough."""
    hint = f"Run `make bootstrap ENV={settings.name}`, once per account and region."
    try:
        said = ssm.get_parameter(Name=f"/cdk-bootstrap/{QUALIFIER}/version")["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        yield failure("CDK bootstrap", f"{settings.region} of this account is not bootstrapped.", hint)
        return
    if int(said) < BOOTSTRAP_VERSION:
        text = f"version {said} is older than {BOOTSTRAP_VERSION}, which the templates need."
        yield failure("CDK bootstrap", text, hint)
    else:
        yield well("CDK bootstrap", f"version {said}")
