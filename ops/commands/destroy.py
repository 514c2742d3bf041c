"""`python -m ops destroy`: deletes the stacks of an environment; what is set to be kept stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import WaiterError

from cli.entry import ask
from cli.errors import UserError
from ops.aws.account import account_id, deployed_stacks, outputs_file, resources, wait_stable

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from rich.console import Console

    from settings.environment import Environment

_WAIT = {"Delay": 10, "MaxAttempts": 720}  # two hours: network interfaces of functions go slowly


class _Stack(NamedTuple):
    name: str
    protected: bool
    kept: tuple[str, ...]


def destroy(settings: Environment, session: boto3.Session, console: Console, *, confirm: bool) -> None:
    """Delete the environment's stacks one after another, those first that need others; say what stays.

    With `confirm` the environment's name must be typed first. Termination protection is removed only then.
    Raises UserError without confirmation and when a stack is not deleted; run again, it continues.
    """
    cloudformation = session.client("cloudformation")
    names = [stack["StackName"] for stack in deployed_stacks(cloudformation, settings)]
    wait_stable(cloudformation, names, console.print)
    stacks = [_described(cloudformation, stack) for stack in deployed_stacks(cloudformation, settings)]
    if not stacks:
        console.print(f"✓ no stack of {settings.name} is in {settings.region} of this account")
        return
    _print(settings, account_id(session), stacks, console)
    if confirm and ask(f"Type the environment's name, {settings.name}, to destroy it: ") != settings.name:
        raise UserError("Nothing was destroyed.")
    for stack in stacks:
        _delete(cloudformation, stack, console)
    outputs_file(settings).unlink(missing_ok=True)
    console.print(f"✓ {settings.name} is destroyed")
    _print_kept(stacks, console)


def _described(cloudformation: CloudFormationClient, stack: StackTypeDef) -> _Stack:
    name = stack["StackName"]
    # The deployed template decides what stays, not the settings, which may have changed since.
    declared = cloudformation.get_template(StackName=name)["TemplateBody"].get("Resources", {})
    kept = [
        f"{resource['ResourceType']} {resource.get('PhysicalResourceId', '')}"
        for resource in resources(cloudformation, name)
        if declared.get(resource["LogicalResourceId"], {}).get("DeletionPolicy") == "Retain"
    ]
    return _Stack(name, stack.get("EnableTerminationProtection", False), tuple(kept))


def _delete(cloudformation: CloudFormationClient, stack: _Stack, console: Console) -> None:
    if stack.protected:
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
        console.print(f"… termination protection of {stack.name} is off")
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


def _print(settings: Environment, account: str, stacks: list[_Stack], console: Console) -> None:
    console.print(
        f"From account {account}, region {settings.region}, these stacks are deleted with all they hold:"
    )
    for stack in stacks:
        console.print(f"  {stack.name}{' (protected from termination)' if stack.protected else ''}")
    console.print("Container images and logs are deleted with them. Secrets stay: no stack made them.")
    if not _print_kept(stacks, console):
        console.print(
            "Nothing else stays (keep_data was false when they were deployed): photos, models and reports "
            "are lost. A bucket that still holds objects stops its stack: empty it first."
        )


def _print_kept(stacks: list[_Stack], console: Console) -> bool:
    if kept := [resource for stack in stacks for resource in stack.kept]:
        console.print("These stay (keep_data), and cost money until you delete them by hand:")
    for resource in kept:
        console.print(f"  {resource}")
    return bool(kept)
