"""The stacks with an owner's data: protected once they exist, deleted only with what their users made.

The CDK would protect a stack before it creates it, and could then not delete it after a failed creation.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cli import cdk
from cli.entry import ask
from cli.errors import UserError, unless_denied
from ops.aws.account import physical_ids, resources, stack_status
from ops.aws.deployed import DOMAIN, VPC, Deployed, contents, described
from ops.aws.home_folders import clear_network
from settings.naming import stack_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from rich.console import Console

    from settings.environment import Environment

_PROTECTED = ("storage", "studio")
# A stack in one of these was never created as a whole, or is being deleted.
_INCOMPLETE = ("ABSENT", "CREATE_FAILED", "CREATE_IN_PROGRESS", "DELETE", "REVIEW", "ROLLBACK")


@contextmanager
def protection(
    settings: Environment, cloudformation: CloudFormationClient, report: Callable[[str], None]
) -> Iterator[None]:
    """Protect the stacks with data after the block, even if it fails: each `cdk deploy` lifts it.

    Only with keep_data, and only those that are created as a whole.
    """
    protect = partial(_protect, settings, cloudformation)
    try:
        yield
    except BaseException:
        # The block's own error is the one to show.
        with suppress(ClientError, BotoCoreError):
            protect()
        raise
    if settings.keep_data:
        report(unless_denied(protect))


def _protect(settings: Environment, cloudformation: CloudFormationClient) -> str:
    names = [stack_name(settings.name, stack) for stack in _PROTECTED if settings.keep_data]
    created = [name for name in names if not stack_status(cloudformation, name).startswith(_INCOMPLETE)]
    for name in created:
        cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=True)
    return f"✓ protected from termination: {', '.join(created)}"


def without_section(
    session: boto3.Session, assembly: Path, console: Console, *, confirm: bool
) -> list[Deployed]:
    """Return the deployed stacks whose section the settings lack, which `cdk deploy` deletes, and say so.

    With `confirm` the user agrees at the terminal; raises UserError if not.
    """
    cloudformation = session.client("cloudformation")
    found = [
        described(cloudformation, cloudformation.describe_stacks(StackName=name)["Stacks"][0])
        for name in cdk.stacks_to_delete(assembly)
        if stack_status(cloudformation, name) != "ABSENT"
    ]
    if found:
        console.print("The settings have no section for these stacks, which are deleted with all they hold:")
    for stack in found:
        console.print(f"  {stack.name}")
        for content in contents(session, stack):
            console.print(f"    {content}")
        for resource in stack.kept:
            console.print(f"    {resource} stays, and costs money until you delete it by hand")
    if found and confirm and ask("Delete them? [y/N] ").lower() not in ("y", "yes"):
        hint = "To keep the stacks, give the settings their sections back."
        raise UserError("Nothing was deployed.", hint=hint)
    return found


def clear_after_studio(
    settings: Environment, session: boto3.Session, deleted: Sequence[Deployed], console: Console
) -> None:
    """Delete what Studio left in the VPC, if its stack was deleted; with keep_data the home folders stay."""
    if not any(stack.ids(DOMAIN) for stack in deleted):
        return
    network = resources(session.client("cloudformation"), stack_name(settings.name, "analyze"))
    for vpc in physical_ids(network, VPC):
        for home in clear_network(session, vpc, keep_homes=settings.keep_data, report=console.print):
            console.print(f"! {home} stays (keep_data), and costs money until you delete it by hand")
