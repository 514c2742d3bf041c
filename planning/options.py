"""The options that several commands of the planner take."""

from pathlib import Path

import click

env = click.option(
    "--env", "named", default="prod", show_default=True, metavar="NAME",
    help="An environment, or the path of a .toml file.",
)  # fmt: skip
as_json = click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, unrounded.")
assume = click.option(
    "--assume", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="Values in place of those of planning/assumptions.toml, in the same form.",
)  # fmt: skip
reports = click.option(
    "--reports", type=click.FloatRange(min=0), default=10_000, show_default=True, metavar="N",
    help="Reports of a month.",
)  # fmt: skip
_TABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
cities = click.option(
    "--cities", "cities_file", type=_TABLE, metavar="FILE",
    help="Where the users are, as city,jurisdiction,latitude,longitude,weight.",
)  # fmt: skip
measured = click.option(
    "--measured", "measured_file", type=_TABLE, metavar="FILE",
    help="Measured round trips, as city,region,ms.",
)  # fmt: skip
