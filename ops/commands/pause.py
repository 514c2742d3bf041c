"""`python -m ops pause` and `resume`: delete and create an environment's endpoint; the model stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.toml_file import with_value, write_atomically
from ops.aws.account import settings_file
from ops.commands.deploy import deploy_model_stack

if TYPE_CHECKING:
    import boto3
    from rich.console import Console


def pause(session: boto3.Session, console: Console, *, named: str, paused: bool) -> None:
    """Write `model.paused` into the settings of the environment `named`, and deploy the model stack alone.

    A value that is set already is deployed too, so that an interrupted command can be run again. When a step
    fails, the settings are restored.
    """
    file = settings_file(named)
    before = file.read_bytes()
    after = with_value(before.decode(), "model", "paused", paused).encode()
    write_atomically(file, after)
    try:
        deploy_model_stack(session, named=named, report=console.print)
    except BaseException:
        write_atomically(file, before)
        console.print(f"{file} is restored.")
        raise
    done = "the endpoint is deleted and costs nothing" if paused else "the endpoint is back"
    console.print(f"✓ {done}")
    if after != before:
        line = f"model.paused = {str(paused).lower()}"
        console.print(f"{file} now says {line}: commit it, or the next deployment reverts this.")
