"""`python -m ops bootstrap`: what a region of an account needs before the first deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli import cdk
from cli.errors import DENIED, code_of
from ops.aws.account import account_id
from ops.aws.linked_roles import LINKED_SERVICES, create_linked_role
from ops.aws.role_limits import NO_DATA, own_stacks, set_limit
from settings.delivery import DEPLOY, LOOKUP, bootstrap_role_name

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3
    from rich.console import Console

    from ops.aws.role_limits import Limit
    from settings.environment import Environment


def bootstrap(settings: Environment, session: boto3.Session, console: Console) -> None:
    """Bootstrap the CDK, create missing service-linked roles, and have pushed images scanned.

    With a section [delivery] the lookup role, which GitHub's jobs take, is denied users' data. With a section
    [bootstrap] the environment gets roles, bucket and repository of its own, and its deploy role is denied
    the stacks of other environments.

    Each can be repeated. What the credentials may not do is skipped with a line, except the CDK's own
    bootstrap, which raises UserError.
    """
    account = account_id(session)
    own = settings.bootstrap
    cdk.run_cdk(
        cdk.bootstrap(
            account,
            settings.region,
            qualifier=settings.qualifier,
            execution_policies=own.execution_policies if own is not None else (),
        )
    )
    iam, ecr = session.client("iam"), session.client("ecr")
    for service in LINKED_SERVICES:

        def create(service: str = service) -> str:
            made = create_linked_role(iam, service)
            return f"✓ the service-linked role of {service} {'is made' if made else 'is there'}"

        console.print(
            _attempted(create, f"Run `aws iam create-service-linked-role --aws-service-name {service}`")
        )
    # The repository that the CDK pushes to; its bootstrap template leaves scanning off.
    repository = f"cdk-{settings.qualifier}-container-assets-{account}-{settings.region}"

    def scan() -> str:
        ecr.put_image_scanning_configuration(
            repositoryName=repository, imageScanningConfiguration={"scanOnPush": True}
        )
        return f"✓ images pushed to {repository} are scanned"

    console.print(_attempted(scan, f"Turn on scan on push of {repository}"))
    partition = session.get_partition_for_region(settings.region)
    for needed, role, limit, what in (
        (settings.delivery, LOOKUP, NO_DATA, "rows, log lines and messages"),
        (own, DEPLOY, own_stacks(settings.name, partition, account), "the stacks of other environments"),
    ):
        name = bootstrap_role_name(settings.qualifier, role, account, settings.region)

        def deny(name: str = name, limit: Limit = limit, what: str = what) -> str:
            set_limit(iam, name, limit)
            return f"✓ {name} is denied {what}"

        if needed is not None:
            console.print(_attempted(deny, f"Run `make bootstrap ENV={settings.name}`"))


def _attempted(step: Callable[[], str], otherwise: str) -> str:
    try:
        return step()
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        return f"! These credentials may not call {error.operation_name}. {otherwise}, with others."
