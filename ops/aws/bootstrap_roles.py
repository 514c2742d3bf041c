"""Taking a role of the environment's CDK bootstrap, as the CDK's command line does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from cli.errors import DENIED, UserError, code_of
from ops.aws.account import account_id
from settings.delivery import bootstrap_role_name

if TYPE_CHECKING:
    from settings.environment import Environment


def assumed(settings: Environment, session: boto3.Session, role: str) -> boto3.Session:
    """Return a session of an hour in the environment's region, with a role's rights, as in "lookup".

    Raises UserError where the session may not assume it: AWS does not say whether the role is there.
    """
    account = account_id(session)
    name = bootstrap_role_name(settings.qualifier, role, account, settings.region)
    partition = session.get_partition_for_region(settings.region)
    arn = f"arn:{partition}:iam::{account}:role/{name}"
    try:
        found = session.client("sts").assume_role(RoleArn=arn, RoleSessionName=f"vitrine-{settings.name}")
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        raise UserError(
            f"These credentials may not assume {name}, or it is not there.",
            hint=f"Allow them sts:AssumeRole of {arn}; `make bootstrap ENV={settings.name}` makes the role.",
        ) from error
    credentials = found["Credentials"]
    return boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name=settings.region,
    )
