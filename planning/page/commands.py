"""`python -m planning page`: all answers on one page."""

from __future__ import annotations

import io
import json
import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from cli.progress import Steps
from cli.settings_file import write_atomically
from planning import options
from planning.assumptions import load_assumptions
from planning.errors import PlanningError
from planning.example import NAME as EXAMPLE
from planning.example import example_csv
from planning.output import figures
from planning.regions.commands import aws_settings
from planning.users.progress import STDIN, read_shown
from planning.users.reading import read_users

if TYPE_CHECKING:
    from planning.users.user_list import UserList


@click.command()
@click.argument("users", required=False, type=click.File("rb"))
@options.env
@options.assume
@click.option(
    "--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), default="plan.html",
    show_default=True, metavar="FILE", help="The page's file.",
)  # fmt: skip
@options.as_json
def page(users: BinaryIO | None, named: str, assume: Path | None, out: Path, as_json: bool) -> None:
    """Write all answers as one page: where, how big, how fast, how much, what to set.

    USERS is a list as `bucket` takes it; without one, a made list of 5,000 users stands in, and the page says
    so. The page is one file that opens without a network and runs no script. With --json the figures of all
    answers are printed too.
    """
    from planning.bucket.forecast import SEED  # loads numpy
    from planning.page import compose
    from planning.page.page import page as html

    if not out.absolute().parent.is_dir():
        raise PlanningError(
            f"{out}: there is no folder {out.parent}.", hint="Make it, or name another file by --out."
        )
    today = date.today()
    settings, assumptions = aws_settings(named), load_assumptions(assume)
    inputs = compose.Inputs(settings, _users(users, today), assumptions, today, SEED)
    with Steps() as steps:
        sections = []
        for question in compose.QUESTIONS:
            steps.begin(question.id, question.doing)
            sections.append(question.section(inputs))
            steps.done(question.id, sections[-1].short)
        steps.begin("page", "charts and page")
        plan = compose.plan(inputs, sections, made_up=users is None, command=_command(users, named, assume))
        write_atomically(out, html(plan).encode())
        steps.done("page", str(out))
    if as_json:
        found = {section.id: [figures(answer) for answer in section.answers] for section in sections}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))


def _command(users: BinaryIO | None, named: str, assume: Path | None) -> str:
    """Return the command that makes the page again."""
    name = str(getattr(users, "name", STDIN))
    given = [] if users is None else ["-" if name == STDIN else name]
    assumed = [] if assume is None else ["--assume", str(assume)]
    return shlex.join(["python", "-m", "planning", "page", *given, "--env", named, *assumed])


def _users(source: BinaryIO | None, today: date) -> UserList:
    if source is None:
        return read_users(io.BytesIO(example_csv(today=today)), EXAMPLE, today)
    return read_shown(source, today)
