"""The account and region of an environment: its session, its stacks, and the outputs that they publish."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.cdk import ROOT
from cli.dead_letters import QUEUES
from cli.errors import UserError, code_of
from settings.environment import Environment, load_environment
from settings.naming import STACKS, parameter_name, stack_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef, StackTypeDef

# Throttled calls are repeated, and timeouts are shorter than botocore's 60 s.
QUICK = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=20)
_POLL_S = 5.0
# The outputs that a smoke test needs.
NEEDED = ("ApiUrl", "SupabaseUrl", "SupabasePublishableKey")


def environment(name: str) -> Environment:
    """Read the settings of an environment that is deployed into an AWS account.

    Raises SettingsError, or UserError for one that is deployed into the local emulator.
    """
    settings = load_environment(name)
    if settings.target != "aws":
        raise UserError(
            f"The environment {settings.name} is deployed into this machine's emulator, not into an account.",
            hint="Use `make up` and `.venv/bin/python -m local doctor` for it.",
        )
    return settings


def session(settings: Environment) -> boto3.Session:
    """Return a session in the environment's region; raise UserError where AWS_PROFILE names no profile."""
    try:
        return boto3.Session(region_name=settings.region)
    except BotoCoreError as error:
        raise UserError(f"{error}.", hint="Set AWS_PROFILE to an existing profile.") from error


def account_id(session: boto3.Session) -> str:
    """Return the id of the account that the session's credentials belong to."""
    return session.client("sts").get_caller_identity()["Account"]


def outputs_file(settings: Environment) -> Path:
    """Return the file into which a deployment writes the outputs of all stacks."""
    return ROOT / ".vitrine" / f"outputs-{settings.name}.json"


def read_outputs(file: str) -> dict[str, str]:
    """Return the outputs NEEDED from a JSON file, or from standard input for "-".

    The file maps outputs to values, or stacks to such mappings. Raises UserError where it lacks an output.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        content = json.loads(text)
        stacks = [value for value in content.values() if isinstance(value, dict)] or [content]
        outputs = {name: value for stack in stacks for name, value in stack.items()}
        return {name: outputs[name] for name in NEEDED}
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"{file} holds no stack outputs: {error}.", hint="Name another file.") from error
    except KeyError as error:
        raise UserError(f"{file} holds no output {error}.", hint="Deploy again: it writes them.") from error


def published_outputs(settings: Environment, session: boto3.Session) -> dict[str, str]:
    """Return the outputs NEEDED from the account; raise UserError where they are not all there."""
    outputs = _published(settings, session, NEEDED)
    if missing := set(NEEDED) - outputs.keys():
        raise UserError(
            f"{settings.name} is not deployed in {settings.region} of this account: "
            f"no parameter of {', '.join(sorted(missing))}.",
            hint=f"Run `make deploy ENV={settings.name}`.",
        )
    return outputs


def published_queues(settings: Environment, session: boto3.Session) -> dict[str, str]:
    """Return the outputs that name queues and dead letters; those of stacks that are not deployed lack."""
    return _published(
        settings, session, [f"{name}{kind}" for name in QUEUES for kind in ("Queue", "DeadLetters")]
    )


def _published(settings: Environment, session: boto3.Session, outputs: Sequence[str]) -> dict[str, str]:
    names = {parameter_name(settings.name, output): output for output in outputs}
    found = session.client("ssm").get_parameters(Names=list(names))["Parameters"]
    return {names[parameter["Name"]]: parameter["Value"] for parameter in found}


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


def stack_exists(cloudformation: CloudFormationClient, stack: str) -> bool:
    """Say whether a stack is there, in any state but an empty one that only awaits its first change set."""
    return stack_status(cloudformation, stack) not in ("ABSENT", "REVIEW_IN_PROGRESS")


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
    cloudformation: CloudFormationClient, stacks: Sequence[str], report: Callable[[str], None]
) -> None:
    """Return once none of the stacks is being changed; `report` each that is waited for.

    CloudFormation continues a change whose command was interrupted.
    """
    for stack in stacks:
        reported = ""
        while (status := stack_status(cloudformation, stack)).endswith("_IN_PROGRESS"):
            # A change set that was made but not executed: the CDK continues from it.
            if status == "REVIEW_IN_PROGRESS":
                break
            if status != reported:
                report(f"… waiting for {stack}, which is {status}")
                reported = status
            time.sleep(_POLL_S)


def stack_status(cloudformation: CloudFormationClient, stack: str) -> str:
    """Return the status of a stack, as in CREATE_COMPLETE; ABSENT where there is none."""
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if code_of(error) == "ValidationError":
            return "ABSENT"
        raise
