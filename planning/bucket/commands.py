"""`python -m planning bucket`: how big the image bucket gets."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, BinaryIO

import click

from planning import options
from planning.assumptions import load_assumptions
from planning.output import show
from planning.users.progress import read_shown
from settings.environment import load_environment

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("users", type=click.File("rb"))
@options.env
@options.assume
@options.as_json
def bucket(users: BinaryIO, named: str, assume: Path | None, as_json: bool) -> None:
    """Compute how big the image bucket gets, from a list of USERS.

    USERS is Supabase's table auth.users as CSV: in the dashboard's SQL editor run `select * from auth.users`
    and export the result. `-` reads it from standard input.
    """
    from planning.bucket.answer import bucket_answer  # loads numpy

    settings, assumptions, today = load_environment(named), load_assumptions(assume), date.today()
    found = read_shown(users, today)
    show(bucket_answer(settings, found, assumptions, today), as_json=as_json)
