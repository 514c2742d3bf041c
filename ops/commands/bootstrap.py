"""`python -m ops bootstrap`: what a region of an account needs before the first deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli import cdk
from cli.errors import DENIED, code_of
from ops.aws.account import account_id
from ops.aws.linked_roles import LINKED_SERVICES, create_linked_role
from ops.aws.lookup_role import deny_data
from settings.delivery import LOOKUP, bootstrap_role_name

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3
    from rich.console import Console

    from settings.environment import Environment


def bootstrap(settings: Environment, session: boto3.Session, console: Console) -> None:
    """Bootstrap the CDK, create missing service-linked roles, and have pushed images scanned.

    With a section [delivery] the lookup role, which jobs of pull requests take, is denied users' data.

    Each can be repeated. With a section [bootstrap] the environment gets roles, bucket and repository of its
    own. What the credentials may not do is skipped with a line, except the CDK's own bootstrap, which raises
    UserError.
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
    if settings.delivery is None:
        return
    role = bootstrap_role_name(settings.qualifier, LOOKUP, account, settings.region)

    def deny() -> str:
        deny_data(iam, role)
        return f"✓ {role} is denied rows, log lines and messages"

    console.print(_attempted(deny, f"Run `make bootstrap ENV={settings.name}`"))


def _attempted(step: Callable[[], str], otherwise: str) -> str:
    try:
        return step()
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        return f"! These credentials may not call {error.operation_name}. {otherwise}, with others."
