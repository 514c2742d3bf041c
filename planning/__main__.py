"""`python -m planning`: region, bucket, latency and cost of an environment, with pictures."""

import sys

import click

from cli.entry import run_commands
from cli.errors import UserError, explain_aws
from planning.bucket.commands import bucket
from planning.cost.commands import cost
from planning.documents import documents
from planning.example import example
from planning.latency.commands import latency
from planning.page.commands import page
from planning.prices.commands import prices
from planning.proposals.commands import apply, expand
from planning.regions.commands import regions


@click.group()
def commands() -> None:
    """Answer before the first deployment, and on every change: where, how big, how fast, how much.

    Everything is computed on this machine from the settings, the templates and, where a command takes one, a
    list of users. `prices refresh` alone uses the network. Each command prints text, or JSON by --json.
    """


for command in (apply, bucket, cost, documents, example, expand, latency, page, prices, regions):
    commands.add_command(command)


def _explain(error: Exception) -> UserError | None:
    from settings.errors import SettingsError

    return UserError(str(error)) if isinstance(error, SettingsError) else explain_aws(error)


if __name__ == "__main__":
    sys.exit(run_commands(commands, program="python -m planning", explain=_explain))
