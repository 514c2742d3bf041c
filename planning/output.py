"""How a command's answer is printed: as text for a terminal, as Markdown for the documents, or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planning.answer import Answer, Json, Table


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer on standard output."""
    if as_json:
        click.echo(json.dumps(figures(answer), indent=2, ensure_ascii=False))
        return
    click.echo("\n".join(_text(answer)))


def figures(answer: Answer) -> dict[str, Json]:
    """Return an answer's figures, unrounded, and its notes."""
    return {**answer.data, **({"notes": list(answer.notes)} if answer.notes else {})}


def markdown(table: Table) -> str:
    """Return a table as Markdown, numbers to the right."""
    head = _row(table.columns)
    ruler = "".join("|---:" if column in table.numbers else "|---" for column in table.columns) + "|"
    rows = map(_row, table.rows)
    return "\n".join([*([f"**{table.title}**", ""] if table.title else []), head, ruler, *rows])


def _row(cells: tuple[str, ...]) -> str:
    escaped = (cell.replace("|", r"\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _text(answer: Answer) -> Iterator[str]:
    yield from (answer.title, "", answer.lead)
    for table in answer.tables:
        yield ""
        yield from _aligned(table)
    if answer.notes:
        yield ""
        yield from (f"! {note}" for note in answer.notes)


def _aligned(table: Table) -> Iterator[str]:
    rows = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    yield table.title
    for row in rows:
        cells = [
            text.rjust(width) if name in table.numbers else text.ljust(width)
            for text, width, name in zip(row, widths, table.columns, strict=True)
        ]
        yield "  " + "  ".join(cells).rstrip()
