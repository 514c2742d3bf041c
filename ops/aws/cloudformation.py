"""The stacks of an environment in its account: which there are, what they hold, and waiting for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.aws_errors import code_of
from settings.naming import STACKS, stack_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef, StackTypeDef

    from settings.environment import Environment

_POLL_S = 5.0


def deployed_stacks(cloudformation: CloudFormationClient, settings: Environment) -> list[StackTypeDef]:
    """Return the environment's stacks in the order in which they can be deleted.

    A stack of the environment's prefix that this version does not know comes first.
    """
    prefix = stack_name(settings.name, "")
    order = [stack_name(settings.name, stack) for stack in reversed(STACKS)]
    found = [
        stack
        for page in cloudformation.get_paginator("describe_stacks").paginate()
        for stack in page["Stacks"]
        # A hyphen after the prefix means another environment: dev-2's stacks start with vitrine-dev- too.
        if stack["StackName"].startswith(prefix) and "-" not in stack["StackName"].removeprefix(prefix)
    ]
    return sorted(
        found, key=lambda stack: order.index(stack["StackName"]) if stack["StackName"] in order else -1
    )


def resources(cloudformation: CloudFormationClient, stack: str) -> list[StackResourceSummaryTypeDef]:
    """Return the resources that a stack holds; none where there is no such stack."""
    try:
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        return [
            summary
            for page in pages
            for summary in page["StackResourceSummaries"]
            if summary["ResourceStatus"] != "DELETE_COMPLETE"
        ]
    except ClientError as error:
        if code_of(error) == "ValidationError":  # there is no such stack
            return []
        raise


def physical_ids(summaries: Iterable[StackResourceSummaryTypeDef], kind: str | None = None) -> list[str]:
    """Return the names or ARNs of resources, only of one type where `kind` names it."""
    return [
        summary.get("PhysicalResourceId", "")
        for summary in summaries
        if kind is None or summary["ResourceType"] == kind
    ]


def wait_stable(
    cloudformation: CloudFormationClient,
    stacks: Sequence[str],
    report: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once none of the stacks is being changed; `report` each that is waited for.

    CloudFormation continues a change whose command was interrupted.
    """
    for stack in stacks:
        reported = ""
        while (status := _status(cloudformation, stack)).endswith("_IN_PROGRESS"):
            # A change set that was made but not executed: the CDK continues from it.
            if status == "REVIEW_IN_PROGRESS":
                break
            if status != reported:
                report(f"… waiting for {stack}, which is {status}")
                reported = status
            sleep(_POLL_S)


def _status(cloudformation: CloudFormationClient, stack: str) -> str:
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if code_of(error) == "ValidationError":
            return "ABSENT"
        raise
