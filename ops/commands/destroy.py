"""`python -m ops destroy`: deletes the stacks of an environment; what is set to be kept stays."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import WaiterError

from cli.entry import ask
from cli.errors import UserError
from ops.aws.account import account_id, deployed_stacks, outputs_file, wait_stable
from ops.aws.deletion import empty_bucket, unless_absent
from ops.aws.deployed import DOMAIN, VPC, Deployed, contents, described, prepare_deletion
from ops.aws.home_folders import clear_network
from ops.commands.deployed_commit import forget
from settings.naming import stack_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from rich.console import Console

    from settings.environment import Environment

_ENDPOINT_LOGS = "/aws/sagemaker/Endpoints/"
_WAIT = {"Delay": 10, "MaxAttempts": 720}  # two hours: network interfaces of functions go slowly


def destroy(settings: Environment, session: boto3.Session, console: Console, *, confirm: bool) -> None:
    """Delete the environment's stacks one after another, those first that need others; say what stays.

    What SageMaker Studio made beside its stack is deleted with it; with keep_data its home folders stay. With
    `confirm` the environment's name must be typed first. Termination protection is removed only then.
    Raises UserError without confirmation and when a stack is not deleted; run again, it continues.
    """
    cloudformation = session.client("cloudformation")
    names = [stack["StackName"] for stack in deployed_stacks(cloudformation, settings)]
    wait_stable(cloudformation, names, console.print)
    stacks = [described(cloudformation, stack) for stack in deployed_stacks(cloudformation, settings)]
    if not stacks:
        forget(settings, session)
        console.print(f"✓ no stack of {settings.name} is in {settings.region} of this account")
        return
    _print(settings, session, stacks, console)
    if confirm and ask(f"Type the environment's name, {settings.name}, to destroy it: ") != settings.name:
        raise UserError("Nothing was destroyed.")
    kept = [resource for stack in stacks for resource in stack.kept]
    for stack in stacks:
        prepare_deletion(session, stack, console.print)
        for vpc in stack.ids(VPC):
            kept += clear_network(session, vpc, keep_homes=bool(kept), report=console.print)
        if stack.name == stack_name(settings.name, "results"):
            # Requests and answers of the model, which expire within a day.
            for bucket in stack.ids("AWS::S3::Bucket"):
                empty_bucket(session.client("s3"), bucket, console.print)
        _delete(cloudformation, stack, console)
    _delete_late_logs(session, stacks)
    forget(settings, session)
    outputs_file(settings).unlink(missing_ok=True)
    console.print(f"✓ {settings.name} is destroyed")
    _print_kept(kept, console)


def _delete_late_logs(session: boto3.Session, stacks: Sequence[Deployed]) -> None:
    # SageMaker writes an endpoint's last lines after its deletion, into a new group of the same name, which
    # the next deployment could not create again.
    for stack in stacks:
        for name in stack.ids("AWS::Logs::LogGroup"):
            if name.startswith(_ENDPOINT_LOGS):
                logs = session.client("logs")
                unless_absent(partial(logs.delete_log_group, logGroupName=name))


def _delete(cloudformation: CloudFormationClient, stack: Deployed, console: Console) -> None:
    console.print(f"… deleting {stack.name}")
    cloudformation.delete_stack(StackName=stack.name)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack.name, WaiterConfig=_WAIT)  # type: ignore[arg-type]
    except WaiterError as error:
        response: Any = error.last_response
        found = response.get("Stacks", [{}])[0]
        reason = found.get("StackStatusReason") or found.get("StackStatus") or error
        raise UserError(
            f"{stack.name} is not deleted: {reason}.",
            hint="Its events in CloudFormation say why (a bucket must be empty). Then run the same command "
            "again: it continues.",
        ) from error
    console.print(f"✓ {stack.name} is deleted")


def _print(
    settings: Environment, session: boto3.Session, stacks: Sequence[Deployed], console: Console
) -> None:
    console.print(
        f"From account {account_id(session)}, region {settings.region}, these stacks are deleted with all "
        "they hold:"
    )
    for stack in stacks:
        console.print(f"  {stack.name}{' (protected from termination)' if stack.protected else ''}")
        for content in contents(session, stack):
            console.print(f"    {content}")
    console.print("Container images and logs are deleted with them. Secrets stay: no stack made them.")
    kept = [resource for stack in stacks for resource in stack.kept]
    if any(stack.ids(DOMAIN) for stack in stacks):
        console.print(f"Studio's home folders {'stay' if kept else 'are deleted'}; disks of spaces are lost.")
    if not _print_kept(kept, console):
        console.print(
            "Nothing else stays (keep_data was false when they were deployed): photos, models and reports "
            "are lost. A bucket that still holds objects stops its stack: empty it first."
        )


def _print_kept(kept: Sequence[str], console: Console) -> bool:
    if kept:
        console.print("These stay (keep_data), and cost money until you delete them by hand:")
    for resource in kept:
        console.print(f"  {resource}")
    return bool(kept)
