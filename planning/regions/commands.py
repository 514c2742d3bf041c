"""`python -m planning regions`: where to deploy."""

from datetime import date
from pathlib import Path

import click
from rich.console import Console

from cli.settings_file import write_atomically
from planning import options
from planning.assumptions import load_assumptions
from planning.errors import PlanningError
from planning.output import show
from planning.prices.rows import csv_of, read_rows
from planning.regions.answer import regions_answer
from planning.regions.facts import FILE, Row
from planning.regions.places import read_cities, read_measured
from planning.synthesis import templates
from planning.workload import Workload
from settings.environment import Environment, environment_names, load_environment


@click.group(invoke_without_command=True)
@options.env
@options.reports
@options.cities
@options.measured
@click.option("--all", "every", is_flag=True, help="Every region, not the priced and the nearest alone.")
@options.assume
@options.as_json
@click.pass_context
def regions(
    context: click.Context,
    named: str,
    reports: float,
    cities_file: Path | None,
    measured_file: Path | None,
    every: bool,
    assume: Path | None,
    as_json: bool,
) -> None:
    """Rank the regions for an environment and its users.

    Says of each which GPU types and services it has, what a month costs there, what privacy laws ask for, and
    how far the users are. Without --cities the users live in the large cities of Canada, in proportion to
    their inhabitants.
    """
    if context.invoked_subcommand is not None:
        return
    settings = aws_settings(named)
    cities = read_cities(cities_file)
    measured = read_measured(measured_file, cities) if measured_file is not None else None
    workload = Workload(reports, load_assumptions(assume))
    with Console(stderr=True).status("Reading the templates…"):
        declared = templates(settings)
    answer = regions_answer(settings, declared, workload, cities, date.today(), measured, every=every)
    show(answer, as_json=as_json)


def aws_settings(named: str) -> Environment:
    """Return the settings of an environment in AWS; raises PlanningError for the local system's."""
    settings = load_environment(named)
    if settings.target != "aws":
        others = [name for name in environment_names() if load_environment(name).target == "aws"]
        raise PlanningError(
            f"{settings.name} is deployed into this machine's emulator, not into AWS.",
            hint=f"Choose another: {', '.join(others)}.",
        )
    return settings


@regions.command()
def extract() -> None:
    """Write planning/regions/facts.csv from the data of the installed cfn-lint.

    Needed when requirements-dev.txt has another version of cfn-lint, and for a resource type that is new in
    the stacks: first add a row with its name.
    """
    from planning.regions.extract import extracted

    before = read_rows(FILE, Row)
    after = extracted(before, date.today())
    changed = sorted({one.name for one in set(after) ^ set(before)})
    if changed:
        write_atomically(FILE, csv_of(after).encode())
    click.echo(f"{FILE.name}: {', '.join(changed) or 'nothing'} changed")
