"""`python -m planning page`: all answers on one page."""

from __future__ import annotations

import io
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
from planning.regions.commands import aws_settings
from planning.users.progress import read_shown
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
def page(users: BinaryIO | None, named: str, assume: Path | None, out: Path) -> None:
    """Write all answers as one page: where, how big, how fast, how much, what to set.

    USERS is a list as `bucket` takes it; without one, a made list of 5,000 users stands in, and the page says
    so. The page is one file that opens without a network and runs no script.
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
        given = [users.name] if users is not None else []
        command = shlex.join(["python", "-m", "planning", "page", *given, "--env", named])
        plan = compose.plan(inputs, sections, made_up=users is None, command=command)
        write_atomically(out, html(plan).encode())
        steps.done("page", str(out))


def _users(source: BinaryIO | None, today: date) -> UserList:
    if source is None:
        return read_users(io.BytesIO(example_csv(today=today)), EXAMPLE, today)
    return read_shown(source, today)
