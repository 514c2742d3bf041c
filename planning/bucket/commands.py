"""`python -m planning bucket`: how big the image bucket gets."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import BinaryIO

import click

from planning import options
from planning.assumptions import load_assumptions
from planning.output import show
from planning.users.reading import read_users
from settings.environment import load_environment


@click.command()
@click.argument("users", type=click.File("rb"))
@options.env
@options.assume
@options.as_json
def bucket(users: BinaryIO, named: str, assume: Path | None, as_json: bool) -> None:
    """Compute how big the image bucket gets, from a list of USERS.

    USERS is the table auth.users of Supabase as CSV: in the dashboard's SQL editor, `select * from auth.users`,
    then Export. `-` reads it from standard input.
    """
    from planning.bucket.answer import bucket_answer  # loads numpy

    settings, assumptions, today = load_environment(named), load_assumptions(assume), date.today()
    found = read_users(users, users.name, today)
    show(bucket_answer(settings, found, assumptions, today), as_json=as_json)
