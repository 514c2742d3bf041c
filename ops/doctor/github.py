"""GitHub Actions in the account: its OIDC provider, its lookup role, and whom it could deploy besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.findings import Finding, failure, ok, warning
from ops.aws.account import physical_ids, resources
from ops.aws.lookup_role import is_denied_data
from settings.delivery import AUDIENCE, ISSUER, LOOKUP, bootstrap_role_name
from settings.naming import DEFAULT_QUALIFIER, PROJECT, stack_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

    from settings.delivery import Delivery
    from settings.environment import Environment

SUBJECT, LOOKUP_SUBJECT, OTHERS = "GitHub's OIDC provider", "lookup role", "other environments"


def provider(
    settings: Environment, delivery: Delivery, iam: IAMClient, cloudformation: CloudFormationClient
) -> Iterator[Finding]:
    """Whether the account's one provider of GitHub's tokens is the one that the deployment will use."""
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    found = [one["Arn"] for one in listed if one.get("Arn", "").endswith(f"oidc-provider/{ISSUER}")]
    stack, wanted = stack_name(settings.name, "delivery"), delivery.provider_arn
    made = physical_ids(resources(cloudformation, stack), "AWS::IAM::OIDCProvider")
    if not found:
        if wanted is None:
            yield ok(SUBJECT, "the deployment makes it")
        else:
            hint = "Remove delivery.provider_arn: the deployment makes the provider."
            yield failure(SUBJECT, f"this account has no {wanted}.", hint)
        return
    (arn,) = found
    if wanted is None and arn not in made:
        hint = f'Set delivery.provider_arn = "{arn}".'
        yield failure(SUBJECT, "this account has one already, and can have only one.", hint)
    elif wanted is not None and arn in made:
        hint = f"Remove delivery.provider_arn: {stack} itself makes the provider."
        yield failure(SUBJECT, f"this deployment would delete {arn}, which it names.", hint)
    elif wanted is not None and wanted != arn:
        hint = f'Set delivery.provider_arn = "{arn}".'
        yield failure(SUBJECT, f"delivery.provider_arn {wanted} is not this account's.", hint)
    elif AUDIENCE not in iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"]:
        command = f"aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn}"
        yield failure(
            SUBJECT, f"{arn} does not admit {AUDIENCE}.", f"Run `{command} --client-id {AUDIENCE}`."
        )
    else:
        yield ok(SUBJECT, arn)


def lookup_role(settings: Environment, iam: IAMClient, sts: STSClient) -> Iterator[Finding]:
    """Whether a pull request's job, which takes the bootstrap's lookup role, is denied what users sent."""
    account = sts.get_caller_identity()["Account"]
    name = bootstrap_role_name(settings.qualifier, LOOKUP, account, settings.region)
    if is_denied_data(iam, name):
        yield ok(LOOKUP_SUBJECT, f"{name} reads no rows, log lines and messages")
    else:
        hint = f"Run `make bootstrap ENV={settings.name}`: it denies it."
        yield failure(LOOKUP_SUBJECT, f"{name} can read rows, log lines and messages.", hint)


def shared_bootstrap(settings: Environment, cloudformation: CloudFormationClient) -> Iterator[Finding]:
    """Whether another environment of the account could be deployed by this one's role."""
    if settings.qualifier != DEFAULT_QUALIFIER:
        yield ok(OTHERS, f"the bootstrap {settings.qualifier} is this environment's own")
        return
    # The environment is what its storage stack's name has between the project and the stack.
    beginning, end = f"{PROJECT}-", "-storage"
    others = {
        stack["StackName"].removeprefix(beginning).removesuffix(end)
        for page in cloudformation.get_paginator("describe_stacks").paginate()
        for stack in page["Stacks"]
        if stack["StackName"].startswith(beginning) and stack["StackName"].endswith(end)
    } - {settings.name}
    if others:
        names = ", ".join(sorted(others))
        hint = "Give each environment of the account a section [bootstrap], and run `make bootstrap` for it."
        yield warning(OTHERS, f"GitHub's role of {settings.name} can deploy {names} too.", hint)
    else:
        yield ok(OTHERS, "none is in this account")
