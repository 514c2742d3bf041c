"""What a stack holds in the account, as CloudFormation tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.findings import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef


def resources(cloudformation: CloudFormationClient, stack: str) -> list[StackResourceSummaryTypeDef]:
    """Return the resources of a stack that are there; none where there is no such stack."""
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
    """Return the names or ARNs of resources, of one type where `kind` names it."""
    return [
        summary.get("PhysicalResourceId", "")
        for summary in summaries
        if kind is None or summary["ResourceType"] == kind
    ]
