"""`python -m planning cost`: what an environment costs, and what a change of it costs."""

from datetime import date
from pathlib import Path

import click

from planning import options
from planning.assumptions import load_assumptions
from planning.cost.answers import cost_answer
from planning.cost.diff import cost_diff
from planning.output import show
from planning.workload import Workload
from settings.environment import load_environment

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(invoke_without_command=True)
@options.env
@options.reports
@options.assume
@options.as_json
@click.pass_context
def cost(context: click.Context, named: str, reports: float, assume: Path | None, as_json: bool) -> None:
    """Compute what an environment costs in a month: idle, with so many reports, and by how its model runs.

    The templates are synthesized here, and each resource type in them has a price or is known to be free.
    """
    if context.invoked_subcommand is None:
        workload = Workload(reports, load_assumptions(assume))
        show(cost_answer(load_environment(named), workload, date.today()), as_json=as_json)


@cost.command()
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@options.reports
@options.assume
@options.as_json
def diff(old: Path, new: Path, reports: float, assume: Path | None, as_json: bool) -> None:
    """Compare the costs of two assemblies: each a folder of `cdk.out`, of one environment or of several."""
    workload = Workload(reports, load_assumptions(assume))
    show(cost_diff(old, new, workload=workload, today=date.today()), as_json=as_json)
