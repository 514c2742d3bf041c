"""`python -m planning expand` and `apply`: what the answers lead to in the settings."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
from rich.console import Console

from cli.entry import ask
from cli.settings_file import settings_file, write_atomically
from planning import options
from planning.assumptions import load_assumptions
from planning.errors import PlanningError
from planning.output import show
from planning.proposals.applying import unified_diff, with_changes
from planning.proposals.expansion import expansion_answer
from planning.proposals.needs import TOO_MUCH
from planning.proposals.payoff import payoff
from planning.proposals.proposal import planned, proposal
from planning.proposals.second_region import loaded, require_possible, second_region
from planning.regions.commands import aws_settings
from planning.regions.facts import facts
from planning.regions.places import read_cities, read_measured
from planning.synthesis import templates
from planning.users.progress import read_shown
from planning.workload import Workload
from settings.environment import FOLDER

if TYPE_CHECKING:
    from planning.assumptions import Assumptions
    from settings.environment import Environment


@click.command()
@click.argument("region")
@options.env
@options.cities
@options.measured
@options.assume
@click.option("--write", is_flag=True, help="Write the second environment's file.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="The file to write; by default environments/NAME-REGION.toml.")  # fmt: skip
@options.as_json
def expand(
    region: str,
    named: str,
    cities_file: Path | None,
    measured_file: Path | None,
    assume: Path | None,
    write: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Say at which traffic a second region pays, and write its environment.

    Refuses a region without the instance type, without a service of the stacks, or without prices. With
    --write the settings of the environment become those of a second one, in environments/NAME-REGION.toml;
    what belongs to the first region alone becomes a comment there.
    """
    settings = aws_settings(named)
    file = out or FOLDER / f"{settings.name}-{region}.toml"
    if write:
        _require_new(file)
    with Console(stderr=True).status("Reading the templates…"):
        declared = templates(settings)
    require_possible(settings, declared, region, facts())
    text = settings_file(named).read_bytes().decode()
    second = second_region(settings, text, file.stem, region, facts())
    cities, assumptions = read_cities(cities_file), load_assumptions(assume)
    measured = read_measured(measured_file, cities) if measured_file is not None else None
    found = payoff(settings, declared, region, assumptions, cities, measured)
    show(
        expansion_answer(settings, second, found, assumptions, cities, date.today()),
        as_json=as_json,
    )
    if write:
        write_atomically(file, second.text.encode())
        click.echo(f"{file} is written.", err=True)
    elif not as_json:
        click.echo(f"\n--write writes {file}.", err=True)


def _require_new(file: Path) -> None:
    if file.suffix != ".toml" or not file.parent.is_dir():
        raise PlanningError(
            f"{file} is no place for settings.", hint="Name a .toml file in a folder that exists."
        )
    if file.exists():
        raise PlanningError(f"{file} exists already.", hint="Delete it, or name another file by --out.")


@click.command()
@options.env
@click.option("--users", type=click.File("rb"), metavar="LIST",
              help="A list of users, as for `bucket`; - reads it from standard input.")  # fmt: skip
@click.option(
    "--reports", type=click.FloatRange(min=0), metavar="N", help="Reports of a month, without a list."
)
@options.assume
@click.option("--yes", is_flag=True, help="Write without asking for confirmation.")
@options.as_json
def apply(
    named: str,
    users: BinaryIO | None,
    reports: float | None,
    assume: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Set an environment to what the answers say, after a confirmation.

    Retention, bounds of instances and tasks, alarm thresholds and the budget are computed for the busiest of
    the next three months that the list of users leads to, in nine of ten draws, or for --reports a month. The
    changes are shown as a diff, and written after a confirmation, or with --yes; comments and layout stay.
    With --json nothing is written unless --yes is there too.
    """
    if (users is None) == (reports is None):
        raise click.UsageError("Pass either --users or --reports.")
    file, settings = settings_file(named), aws_settings(named)
    before = file.read_bytes()
    assumptions, today = load_assumptions(assume), date.today()
    if users is not None:
        reports, basis = _forecast(settings, users, assumptions, today)
    else:
        basis = f"{reports:,.0f} reports a month, as given"
    with Console(stderr=True).status("Simulating the endpoint…"):
        found, answer = proposal(settings, Workload(reports or 0.0, assumptions), basis, today)
    text = before.decode()
    after = with_changes(text, found)
    loaded(settings.name, after, TOO_MUCH)
    show(answer, as_json=as_json)
    if not found or (as_json and not yes):
        return
    if not as_json:
        click.echo(f"\n{unified_diff(file, text, after)}\n")
    if not yes and ask(f"Write {file}? [y/N] ").lower() not in ("y", "yes"):
        click.echo(f"{file} is unchanged.", err=True)
        return
    if file.read_bytes() != before:
        raise PlanningError(f"{file} has changed meanwhile.", hint="Run the same command again.")
    write_atomically(file, after.encode())
    click.echo(f"{file} is written: commit it, then `make deploy ENV={settings.name}`.", err=True)


def _forecast(
    settings: Environment, users: BinaryIO, assumptions: Assumptions, today: date
) -> tuple[float, str]:
    """Return the planned reports of a month, and which they are."""
    from planning.bucket.forecast import forecast  # loads numpy

    return planned(forecast(settings, read_shown(users, today), assumptions, today))
