"""`python -m planning documents`: the planner's tables in the documents, and whether they are up to date.

A part of a document that the planner writes stands between `<!-- NAME: begin … -->` and `<!-- NAME: end -->`.
"""

import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import click

from planning.cost.answers import idle_answer
from planning.output import markdown
from settings.environment import environment_names, load_environment

ROOT = Path(__file__).resolve().parents[1]


def idle_costs(today: date) -> str:
    """Return the idle costs of every environment of AWS, as Markdown."""
    found = (load_environment(name) for name in environment_names())
    answers = [idle_answer(settings, today) for settings in found if settings.target == "aws"]
    return "\n\n".join(markdown(table) for answer in answers for table in answer.tables)


PARTS: dict[str, tuple[Path, Callable[[date], str]]] = {
    "idle cost": (ROOT / "docs" / "operations.md", idle_costs),
}
"""Name of a part → its document and what writes it."""


@click.command()
@click.option("--write", is_flag=True, help="Update the documents.")
def documents(write: bool) -> None:
    """Check that the planner's tables in the documents are up to date, or --write them."""
    stale = list(_stale(date.today()))
    for file, text in stale:
        if write:
            file.write_text(text, "utf-8")
        else:
            click.echo(
                f"{file.relative_to(ROOT)}: its tables are out of date: run `make operations`", err=True
            )
    if stale and not write:
        sys.exit(1)


def _stale(today: date) -> Iterator[tuple[Path, str]]:
    for file in sorted({file for file, _ in PARTS.values()}):
        before = after = file.read_text("utf-8")
        for name, (place, compose) in PARTS.items():
            if place == file:
                after = replaced(after, name, compose(today))
        if after != before:
            yield file, after


def replaced(text: str, name: str, content: str) -> str:
    """Return a document with other content in the part `name`; raises ValueError where it has none."""
    part = re.compile(
        rf"(<!-- {re.escape(name)}: begin[^>]*-->\n).*?(<!-- {re.escape(name)}: end -->)", re.DOTALL
    )
    text, count = part.subn(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)
    if count != 1:
        raise ValueError(f"the document has {count} parts {name!r}, and one is expected")
    return text
