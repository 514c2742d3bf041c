"""Waiting for a deployment that was begun earlier: CloudFormation goes on when whoever began it is gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.findings import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_cloudformation import CloudFormationClient

_PAUSE_S = 5.0


def wait_until_stable(
    cloudformation: CloudFormationClient,
    stacks: Sequence[str],
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once none of the stacks is being changed; say which one is waited for."""
    for stack in stacks:
        said = ""
        while (status := _status(cloudformation, stack)).endswith("_IN_PROGRESS"):
            # Made for a change that nobody executed: the CDK goes on from it.
            if status == "REVIEW_IN_PROGRESS":
                break
            if status != said:
                say(f"waiting for {stack}, which is still {status}")
                said = status
            sleep(_PAUSE_S)


def _status(cloudformation: CloudFormationClient, stack: str) -> str:
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if code_of(error) == "ValidationError":
            return "ABSENT"
        raise
