"""`python -m ops drift`: what was changed in the account beside CloudFormation."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.table import Table

from cli.errors import UserError
from ops.aws.account import deployed_stacks
from ops.aws.bootstrap_roles import assumed
from ops.aws.stack_drift import compare
from settings.delivery import LOOKUP

if TYPE_CHECKING:
    from collections.abc import Sequence

    import boto3
    from rich.console import Console

    from ops.aws.stack_drift import StackDrift
    from settings.environment import Environment

DRIFTED, FAILED = 1, 2
# A log has no width, and a row in it should stay a line.
_LOG_WIDTH = 300
# Of a value, such as a policy; JSON has the whole.
_MOST_SHOWN = 60


def drift(settings: Environment, session: boto3.Session, console: Console, *, as_data: bool) -> int:
    """Print what differs from the deployed templates; return 0, DRIFTED, or FAILED.

    It is read by the bootstrap's lookup role, which can change nothing. FAILED says that something could not
    be compared. Raises UserError where the role may not be assumed, and where nothing is deployed.
    """
    cloudformation = assumed(settings, session, LOOKUP).client("cloudformation")
    found = deployed_stacks(cloudformation, settings)
    # Only a change set awaits there: nothing was created.
    stacks = [one["StackName"] for one in reversed(found) if one["StackStatus"] != "REVIEW_IN_PROGRESS"]
    if not stacks:
        raise UserError(
            f"{settings.name} is not deployed in {settings.region} of this account.",
            hint=f"Use the credentials of its account: see AWS_PROFILE. `make deploy ENV={settings.name}` "
            "deploys it.",
        )
    _report(f"… CloudFormation compares {len(stacks)} stacks")
    compared = compare(cloudformation, stacks, _report)
    if as_data:
        click.echo(json.dumps([asdict(one) for one in compared], indent=2, ensure_ascii=False))
    else:
        _show(compared, console)
    if any(one.failed for one in compared):
        return FAILED
    return DRIFTED if any(one.differences for one in compared) else 0


def _report(line: str) -> None:
    click.echo(line, err=True)


def _show(compared: Sequence[StackDrift], console: Console) -> None:
    table = Table("stack", "resource", "property", "expected", "actual")
    for stack in compared:
        for one in stack.differences:
            resource = f"{one.resource} ({one.type})"
            table.add_row(stack.stack, resource, one.path, _short(one.expected), _short(one.actual))
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    if table.rows:
        console.print(table)
    for stack in compared:
        for name in stack.unreadable:
            console.print(f"· {stack.stack}/{name}: the lookup role may not read its environment variables")
        for reason in stack.failed:
            console.print(f"✗ {stack.stack}: not compared: {reason}")
    console.print(f"Differences: {table.row_count}." if table.rows else "No difference was found.")


def _short(value: str) -> str:
    return value if len(value) <= _MOST_SHOWN else f"{value[: _MOST_SHOWN - 1]}…"
