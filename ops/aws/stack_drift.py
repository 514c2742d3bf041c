"""What was changed in stacks beside CloudFormation, as CloudFormation itself detects it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceDriftTypeDef

_POLL_S = 5.0
_FUNCTION = "AWS::Lambda::Function"
# The nightly log of a public repository is public. The property Environment of functions and containers holds
# variables, whose values may be secrets; subscriptions of topics and budgets hold e-mail addresses.
_ENVIRONMENT = "Environment"
_EMAIL = re.compile(r"[^\s\"@]@[\w-]+(\.[\w-]+)+")
HIDDEN = "(not shown)"


@dataclass(frozen=True)
class Difference:
    """A property that is not as the template says; of a deleted resource the path is empty."""

    resource: str
    type: str
    path: str
    expected: str
    actual: str


@dataclass(frozen=True)
class StackDrift:
    """What differs in a stack.

    `unreadable` names its functions whose environment variables the credentials may not decrypt; `failed`
    says in a sentence each what else was not compared.
    """

    stack: str
    differences: tuple[Difference, ...] = ()
    unreadable: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def compare(
    cloudformation: CloudFormationClient, stacks: Sequence[str], report: Callable[[str], object]
) -> list[StackDrift]:
    """Compare stacks with their templates, all at once; `report` each that is done.

    Where a resource could not be compared, what was found of the others counts.
    """
    running: dict[str, str] = {}
    done: dict[str, StackDrift] = {}
    for stack in stacks:
        try:
            running[stack] = cloudformation.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
        except ClientError as error:
            if code_of(error) != "ValidationError":
                raise
            # It is being changed, its creation has failed, or it is being compared already.
            done[stack] = StackDrift(stack, failed=(error.response["Error"].get("Message", ""),))
    while running:
        for stack, detection in list(running.items()):
            status = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            if status["DetectionStatus"] == "DETECTION_IN_PROGRESS":
                continue
            del running[stack]
            reason = status.get("DetectionStatusReason", "CloudFormation gives no reason.")
            failed = (reason,) if status["DetectionStatus"] == "DETECTION_FAILED" else ()
            done[stack] = _stack_drift(stack, list(_drifted(cloudformation, stack)), failed)
            report(f"… {stack} is compared")
        if running:
            time.sleep(_POLL_S)
    return [done[stack] for stack in stacks]


def _drifted(cloudformation: CloudFormationClient, stack: str) -> Iterator[StackResourceDriftTypeDef]:
    # botocore has no paginator for it.
    ask = partial(
        cloudformation.describe_stack_resource_drifts,
        StackName=stack,
        StackResourceDriftStatusFilters=["MODIFIED", "DELETED", "UNKNOWN"],
    )
    page = ask()
    yield from page["StackResourceDrifts"]
    while token := page.get("NextToken"):
        page = ask(NextToken=token)
        yield from page["StackResourceDrifts"]


def _stack_drift(
    stack: str, found: Sequence[StackResourceDriftTypeDef], failed: tuple[str, ...]
) -> StackDrift:
    unknown = [one for one in found if one["StackResourceDriftStatus"] == "UNKNOWN"]
    return StackDrift(
        stack,
        tuple(difference for one in found for difference in _differences(one)),
        tuple(one["LogicalResourceId"] for one in found if _is_unreadable(one)),
        (
            *failed,
            *(f"{one['LogicalResourceId']}: {one.get('DriftStatusReason', 'unknown')}" for one in unknown),
        ),
    )


def _differences(drift: StackResourceDriftTypeDef) -> Iterator[Difference]:
    resource, kind = drift["LogicalResourceId"], drift["ResourceType"]
    if drift["StackResourceDriftStatus"] == "DELETED":
        yield Difference(resource, kind, "", "there", "deleted")
    if drift["StackResourceDriftStatus"] != "MODIFIED":
        return
    unreadable = _is_unreadable(drift)
    for one in drift.get("PropertyDifferences", []):
        path, expected, actual = one["PropertyPath"], one["ExpectedValue"], one["ActualValue"]
        if unreadable and _is_environment(path):
            continue
        values = expected + actual
        if _ENVIRONMENT in path or f'"{_ENVIRONMENT}"' in values or _EMAIL.search(values):
            expected, actual = HIDDEN, HIDDEN
        yield Difference(resource, kind, path, expected, actual)


def _is_unreadable(drift: StackResourceDriftTypeDef) -> bool:
    # Lambda leaves the variables out for whoever may not decrypt them, as the bootstrap's lookup role.
    return (
        drift["ResourceType"] == _FUNCTION
        and any(_is_environment(one["PropertyPath"]) for one in drift.get("PropertyDifferences", []))
        and '"Variables"' not in drift.get("ActualProperties", "")
    )


def _is_environment(path: str) -> bool:
    return path.split("/")[1:2] == [_ENVIRONMENT]
