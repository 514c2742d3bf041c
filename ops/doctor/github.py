"""GitHub Actions in the account: its OIDC provider, its lookup role, and what it could deploy besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.findings import Finding, failure, ok, warning
from ops.aws.account import physical_ids, resources
from ops.aws.role_limits import NO_DATA, is_limited, own_stacks
from settings.delivery import AUDIENCE, DEPLOY, ISSUER, LOOKUP, bootstrap_role_name
from settings.naming import PROJECT, stack_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

    from settings.delivery import Delivery
    from settings.environment import Environment

SUBJECT, LOOKUP_SUBJECT, OTHERS = "GitHub's OIDC provider", "lookup role", "other environments"
# The bootstrap's role by which CloudFormation makes resources, and its policy where the settings name none.
_EXECUTION, _ADMINISTRATOR = "cfn-exec", "AdministratorAccess"


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
    """Whether GitHub's jobs, which take the bootstrap's lookup role, are denied what users sent."""
    account = sts.get_caller_identity()["Account"]
    name = bootstrap_role_name(settings.qualifier, LOOKUP, account, settings.region)
    if is_limited(iam, name, NO_DATA):
        yield ok(LOOKUP_SUBJECT, f"{name} reads no rows, log lines and messages")
    else:
        hint = f"Run `make bootstrap ENV={settings.name}`: it denies it."
        yield failure(LOOKUP_SUBJECT, f"{name} can read rows, log lines and messages.", hint)


def other_environments(
    settings: Environment, iam: IAMClient, sts: STSClient, cloudformation: CloudFormationClient
) -> Iterator[Finding]:
    """Whether this environment's role could deploy another one of the account and region.

    What is bootstrapped decides, not what the settings ask for.
    """
    deployed_by = _deployed_by(cloudformation)
    others = deployed_by.keys() - {settings.name}
    if not others:
        yield ok(OTHERS, "none is in this region of the account")
        return
    identity = sts.get_caller_identity()["Arn"].split(":")
    partition, account = identity[1], identity[4]

    def role(kind: str) -> str:
        return bootstrap_role_name(settings.qualifier, kind, account, settings.region)

    both = {name for name in others if deployed_by[name].endswith(f"/{role(_EXECUTION)}")}
    own = f"Give {settings.name} a section [bootstrap]. " if settings.bootstrap is None else ""
    hint = f"{own}Run `make bootstrap ENV={settings.name}`: it denies them."
    if both:
        text = f"the bootstrap {settings.qualifier} has deployed {_listed(both)} too, and GitHub's role may."
        yield warning(
            OTHERS, text, "Give each environment a section [bootstrap] with a qualifier of its own."
        )
    elif not is_limited(iam, role(DEPLOY), own_stacks(settings.name, partition, account)):
        yield warning(OTHERS, f"{role(DEPLOY)} may change the stacks of {_listed(others)}.", hint)
    elif _ADMINISTRATOR in _policies(iam, role(_EXECUTION)):
        text = f"what {settings.name} deploys is made with {_ADMINISTRATOR}, beside {_listed(others)}."
        hint = "Name bootstrap.execution_policies, or give each environment an account of its own."
        yield warning(OTHERS, text, hint)
    else:
        yield ok(OTHERS, f"{role(DEPLOY)} may not change the stacks of {_listed(others)}")


def _deployed_by(cloudformation: CloudFormationClient) -> dict[str, str]:
    """The account's environments, and the ARN of the role that CloudFormation deploys each by."""
    # The environment is what its storage stack's name has between the project and the stack.
    beginning, end = f"{PROJECT}-", "-storage"
    return {
        stack["StackName"].removeprefix(beginning).removesuffix(end): stack.get("RoleARN", "")
        for page in cloudformation.get_paginator("describe_stacks").paginate()
        for stack in page["Stacks"]
        if stack["StackName"].startswith(beginning) and stack["StackName"].endswith(end)
    }


def _policies(iam: IAMClient, role: str) -> set[str]:
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    return {one["PolicyName"] for page in pages for one in page["AttachedPolicies"]}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
