"""The commands of `python -m local` that ask the emulated account: its outputs, dead letters and users."""

from __future__ import annotations

import json

import click

from local.home import Home


@click.command()
@click.option("--all", "every", is_flag=True, help="Also the outputs that name resources of the account.")
def outputs(every: bool) -> None:
    """Print the outputs that a web page may read, as JSON.

    `ApiUrl` is the address of the gateway.
    """
    from local.supervisor.account import stack_outputs
    from settings.naming import PUBLIC_OUTPUTS

    found = stack_outputs(Home.current())
    shown = found if every else {name: found[name] for name in PUBLIC_OUTPUTS if name in found}
    click.echo(json.dumps(shown, indent=2))


@click.command()
@click.option("--again", is_flag=True, help="Send the dead letters again.")
@click.option("--yes", is_flag=True, help="Do not ask. Without --again, the letters are only shown.")
def redrive(again: bool, yes: bool) -> None:
    """Show the dead letters of every queue and send them again.

    The table says why they failed. The command asks before it sends them.
    """
    from rich.console import Console

    from cli.dead_letters import queues
    from cli.dead_letters import redrive as redrive_queues
    from local.supervisor.account import aws_client, stack_outputs
    from local.supervisor.processes import records
    from settings.environment import load_environment

    home = Home.current()
    known = queues(stack_outputs(home))
    sqs = aws_client("sqs", records(home)["emulator"].port, load_environment("local").region)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    redrive_queues(sqs, known, console, send=again, confirm=not yes)


@click.command()
@click.option("--user", default="demo", show_default=True, metavar="NAME", help="Any name.")
def token(user: str) -> None:
    """Print an access token of a demo user, which is valid for an hour."""
    from local.demo.command import sign_in
    from local.supervisor.account import stack_outputs

    outputs = stack_outputs(Home.current())
    click.echo(sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], user))
