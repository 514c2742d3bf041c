"""Changing the model's settings, and deploying the model stack by them: `pause` and `resume`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli import cdk
from cli.errors import UserError
from cli.settings_file import settings_file, with_added, with_value, write_atomically
from ops.aws.account import account_id, stack_exists, wait_stable
from ops.commands.deployed_commit import lacking, record_model, recorded, report_untraced
from settings.environment import Environment, load_environment
from settings.naming import stack_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import boto3
    from rich.console import Console


def pause(
    session: boto3.Session, console: Console, *, named: str, paused: bool, any_commit: bool = False
) -> None:
    """Write `model.paused` into the settings of the environment `named`, and deploy the model stack alone.

    A value that is set already is deployed too, so that an interrupted command can be run again. When a step
    fails, the settings are restored. They stay untouched where the credentials are refused, or belong to an
    account without the model stack, and where this checkout lacks what is deployed, unless `any_commit`.
    """
    settings = load_environment(named)
    _require_deployed(session, settings)
    refuse_to_take_back(settings, session, console.print, any_commit=any_commit)
    file = settings_file(named)
    before = file.read_bytes()
    with changed_settings(file, lambda text: with_value(text, "model.paused", paused)):
        try:
            deploy_model_stack(session, named=named, report=console.print)
        except BaseException:
            console.print(f"{file} is restored.")
            raise
    console.print(f"✓ {'the endpoint is deleted and costs nothing' if paused else 'the endpoint is back'}")
    if file.read_bytes() != before:
        line = f"model.paused = {str(paused).lower()}"
        console.print(f"{file} now says {line}: commit it, or the next deployment reverts this.")


def _require_deployed(session: boto3.Session, settings: Environment) -> None:
    """Raise UserError unless the session's account has the environment's model stack."""
    stack, account = stack_name(settings.name, "model"), account_id(session)
    if not stack_exists(session.client("cloudformation"), stack):
        raise UserError(
            f"Account {account} has no stack {stack} in {settings.region}; the settings are unchanged.",
            hint="Use the credentials of the environment's account: see AWS_PROFILE. "
            f"`make deploy ENV={settings.name}` makes the stack.",
        )


def refuse_to_take_back(
    settings: Environment, session: boto3.Session, report: Callable[[str], None], *, any_commit: bool
) -> None:
    """Raise UserError where this checkout lacks a commit that is deployed; with `any_commit` only report it.

    The model stack is deployed as a whole, by this checkout's templates, which would take that commit's back.
    """
    deployed = recorded(settings, session)
    report_untraced(settings, deployed, report)
    if (lack := lacking(settings, deployed, cdk.ROOT)) is None:
        return
    if not any_commit:
        raise UserError(
            f"{lack.text}: the model stack would be taken back, so it is not deployed.",
            hint=f"{lack.hint} To go on nevertheless, as in an incident, run the same command with "
            "ANY_COMMIT=1.",
        )
    report(f"! {lack.text}: the model stack is taken back, until a deployment of that commit")


def synthesize(named: str, settings: Environment) -> Path:
    """Synthesize an environment with its code packaged, and return the assembly's folder."""
    assembly = cdk.TOOLS / f"assembly-{settings.name}"
    cdk.run_cdk(cdk.synth(named, assembly))
    return assembly


def deploy_model_stack(session: boto3.Session, *, named: str, report: Callable[[str], None]) -> None:
    """Deploy the model stack alone, by the settings as they are now, and record this checkout's commit."""
    settings = load_environment(named)
    assembly, stack = synthesize(named, settings), stack_name(settings.name, "model")
    wait_stable(session.client("cloudformation"), [stack], report)
    with record_model(settings, session, cdk.ROOT, report):
        cdk.run_cdk(cdk.deploy(assembly, [stack]))


@contextmanager
def changed_settings(file: Path, change: Callable[[str], str]) -> Iterator[None]:
    """Replace a settings file by what `change` makes of its text; restore it where the block fails."""
    before = file.read_bytes()
    write_atomically(file, change(before.decode()).encode())
    try:
        yield
    except BaseException:
        write_atomically(file, before)
        raise


def with_archive(text: str, key: str, version: str) -> str:
    """Return settings with another archive in [model], and the version of its catalogue below it.

    A comment that holds the version's place becomes the setting.
    """
    text = with_value(text, "model.artifact", key)
    return with_added(text, "model.catalogue_version", version, below="artifact")
