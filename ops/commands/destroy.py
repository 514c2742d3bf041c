"""`python -m ops destroy`: an environment out of its account, but for what its owner keeps."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli import cdk
from cli.errors import UserError
from cli.findings import code_of
from ops.aws.outputs import outputs_file
from ops.aws.resources import resources
from ops.aws.wait_stable import wait_until_stable
from settings import naming

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from rich.console import Console

    from settings.environment import Environment

# In the order in which they can be deleted.
STACKS = tuple(reversed(naming.STACKS))


@dataclass(frozen=True)
class _Deployed:
    name: str
    protected: bool
    kept: tuple[str, ...]


def destroy(
    settings: Environment, session: boto3.Session, console: Console, *, named: str, asking: bool
) -> None:
    """Delete the stacks of an environment, `named` so by the caller; say what goes and what stays.

    When `asking`, the environment's name must be typed first. Only then is termination protection taken off.
    Raises DeliveryError when nobody agrees, or when a stack does not go; run again, it goes on.
    """
    cloudformation = session.client("cloudformation")
    names = [naming.stack_name(settings.name, stack) for stack in STACKS]
    wait_until_stable(cloudformation, names, lambda text: console.print(f"… {text}"))
    deployed = [found for name in names if (found := _look(cloudformation, name)) is not None]
    if not deployed:
        console.print(f"✓ no stack of {settings.name} is in {settings.region} of this account")
        return
    account = session.client("sts").get_caller_identity()["Account"]
    _show(settings, account, deployed, console)
    if asking:
        _ask(settings)
    for stack in deployed:
        if stack.protected:
            cloudformation.update_termination_protection(
                StackName=stack.name, EnableTerminationProtection=False
            )
            console.print(f"… termination protection of {stack.name} is off")
    cdk.destroy(named, cdk.TOOLS / f"assembly-{settings.name}")
    outputs_file(settings).unlink(missing_ok=True)
    console.print(f"✓ {settings.name} is destroyed")
    _show_kept(deployed, console)


def _look(cloudformation: CloudFormationClient, name: str) -> _Deployed | None:
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if code_of(error) == "ValidationError":  # there is no such stack
            return None
        raise
    # What is deployed decides what stays, not what the settings say by now.
    declared = cloudformation.get_template(StackName=name)["TemplateBody"].get("Resources", {})
    kept = [
        f"{one['ResourceType']} {one.get('PhysicalResourceId', '')}"
        for one in resources(cloudformation, name)
        if declared.get(one["LogicalResourceId"], {}).get("DeletionPolicy") == "Retain"
    ]
    return _Deployed(name, stack.get("EnableTerminationProtection", False), tuple(kept))


def _show(settings: Environment, account: str, deployed: list[_Deployed], console: Console) -> None:
    console.print(f"From account {account}, region {settings.region}, these stacks go with all they hold:")
    for stack in deployed:
        console.print(f"  {stack.name}{' (protected from termination)' if stack.protected else ''}")
    console.print("Container images and logs go with them. Secrets stay, for no stack made them.")
    if not _show_kept(deployed, console):
        console.print(
            "Nothing else outlives them (keep_data was false when they were deployed): photos, models and "
            "reports are lost. A bucket that still holds objects stops its stack: empty it first."
        )


def _show_kept(deployed: list[_Deployed], console: Console) -> bool:
    kept = [one for stack in deployed for one in stack.kept]
    if kept:
        console.print("These outlive the stacks (keep_data), and cost until you delete them by hand:")
        for one in kept:
            console.print(f"  {one}")
    return bool(kept)


def _ask(settings: Environment) -> None:
    if not sys.stdin.isatty():
        raise UserError("Nobody is at the terminal to be asked.", hint="Say --yes (make: YES=1).")
    if input(f"Type the environment's name, {settings.name}, to destroy it: ").strip() != settings.name:
        raise UserError("Nothing was destroyed.")
