"""`python -m ops destroy`: deletes the stacks of an environment; what is set to be kept stays."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import WaiterError

from cli.entry import ask
from cli.errors import UserError
from ops.aws.account import account_id, deployed_stacks, outputs_file, physical_ids, resources, wait_stable
from ops.aws.deletion import unless_absent
from ops.aws.home_folders import clear_network
from ops.aws.studio import domain_contents, empty_domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef, StackTypeDef
    from rich.console import Console

    from settings.environment import Environment

_DOMAIN = "AWS::SageMaker::Domain"
_ENDPOINT_LOGS = "/aws/sagemaker/Endpoints/"
_WAIT = {"Delay": 10, "MaxAttempts": 720}  # two hours: network interfaces of functions go slowly


class _Stack(NamedTuple):
    name: str
    protected: bool
    kept: tuple[str, ...]
    resources: Sequence[StackResourceSummaryTypeDef]

    def ids(self, kind: str) -> list[str]:
        """Return the ids of the stack's resources of a type."""
        return [one for one in physical_ids(self.resources, kind) if one]


def destroy(settings: Environment, session: boto3.Session, console: Console, *, confirm: bool) -> None:
    """Delete the environment's stacks one after another, those first that need others; say what stays.

    What SageMaker Studio made beside its stack is deleted with it; with keep_data its home folders stay. With
    `confirm` the environment's name must be typed first. Termination protection is removed only then.
    Raises UserError without confirmation and when a stack is not deleted; run again, it continues.
    """
    cloudformation = session.client("cloudformation")
    names = [stack["StackName"] for stack in deployed_stacks(cloudformation, settings)]
    wait_stable(cloudformation, names, console.print)
    stacks = [_described(cloudformation, stack) for stack in deployed_stacks(cloudformation, settings)]
    if not stacks:
        console.print(f"✓ no stack of {settings.name} is in {settings.region} of this account")
        return
    _print(settings, session, stacks, console)
    if confirm and ask(f"Type the environment's name, {settings.name}, to destroy it: ") != settings.name:
        raise UserError("Nothing was destroyed.")
    kept = [resource for stack in stacks for resource in stack.kept]
    for stack in stacks:
        homes = _clear(session, stack, keep_homes=bool(kept), console=console)
        _delete(cloudformation, stack, console)
        kept += homes
    _delete_late_logs(session, stacks)
    outputs_file(settings).unlink(missing_ok=True)
    console.print(f"✓ {settings.name} is destroyed")
    _print_kept(kept, console)


def _described(cloudformation: CloudFormationClient, stack: StackTypeDef) -> _Stack:
    name = stack["StackName"]
    # The deployed template decides what stays, not the settings, which may have changed since.
    declared = cloudformation.get_template(StackName=name)["TemplateBody"].get("Resources", {})
    found = resources(cloudformation, name)
    kept = [
        f"{resource['ResourceType']} {resource.get('PhysicalResourceId', '')}"
        for resource in found
        if declared.get(resource["LogicalResourceId"], {}).get("DeletionPolicy", "").startswith("Retain")
    ]
    return _Stack(name, stack.get("EnableTerminationProtection", False), tuple(kept), found)


def _clear(session: boto3.Session, stack: _Stack, *, keep_homes: bool, console: Console) -> list[str]:
    # Delete what CloudFormation did not make and what keeps the stack from being deleted.
    for domain in stack.ids(_DOMAIN):
        empty_domain(session.client("sagemaker"), domain, _users(stack), console.print)
    return [
        home
        for vpc in stack.ids("AWS::EC2::VPC")
        for home in clear_network(session, vpc, keep_homes=keep_homes, report=console.print)
    ]


def _users(stack: _Stack) -> list[str]:
    return [one.partition("|")[0] for one in stack.ids("AWS::SageMaker::UserProfile")]


def _delete_late_logs(session: boto3.Session, stacks: Sequence[_Stack]) -> None:
    # SageMaker writes an endpoint's last lines after its deletion, into a new group of the same name, which
    # the next deployment could not create again.
    for stack in stacks:
        for name in stack.ids("AWS::Logs::LogGroup"):
            if name.startswith(_ENDPOINT_LOGS):
                logs = session.client("logs")
                unless_absent(partial(logs.delete_log_group, logGroupName=name))


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


def _print(settings: Environment, session: boto3.Session, stacks: Sequence[_Stack], console: Console) -> None:
    console.print(
        f"From account {account_id(session)}, region {settings.region}, these stacks are deleted with all "
        "they hold:"
    )
    for stack in stacks:
        console.print(f"  {stack.name}{' (protected from termination)' if stack.protected else ''}")
        for domain in stack.ids(_DOMAIN):
            for content in domain_contents(session.client("sagemaker"), domain, _users(stack)):
                console.print(f"    Studio's {content}")
    console.print("Container images and logs are deleted with them. Secrets stay: no stack made them.")
    kept = [resource for stack in stacks for resource in stack.kept]
    if any(stack.ids(_DOMAIN) for stack in stacks):
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
