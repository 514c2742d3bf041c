"""`python -m planning expand` and `apply`: what the answers lead to in the settings."""

from datetime import date
from pathlib import Path

import click

from cli.settings_file import settings_file, write_atomically
from planning import options
from planning.assumptions import load_assumptions
from planning.errors import PlanningError
from planning.output import show
from planning.proposals.expansion import expansion_answer
from planning.proposals.payoff import payoff
from planning.proposals.second_region import require_possible, second_region
from planning.regions.facts import facts
from planning.regions.places import read_cities, read_measured
from planning.synthesis import templates
from settings.environment import FOLDER, load_environment


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
    settings = load_environment(named)
    file = out or FOLDER / f"{settings.name}-{region}.toml"
    if write and file.exists():
        raise PlanningError(f"{file} exists already.", hint="Delete it, or name another file by --out.")
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
