"""Rows of a typed CSV file: read with errors that name line and column, and written back in the same form."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from planning.errors import PlanningError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Row = TypeVar("Row", bound=DataclassInstance)
else:
    Row = TypeVar("Row")


def read_rows(file: Path, row: type[Row]) -> tuple[Row, ...]:
    """Return the rows of a CSV file, whose header is the row's fields; an empty cell is None.

    Raises PlanningError, which names line, column and value.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines, strict=True)
            columns = [one.name for one in fields(row)]
            if table.fieldnames != columns:
                raise PlanningError(
                    f"{file}: its columns are {', '.join(table.fieldnames or ()) or 'none'}.",
                    hint=f"They must be {', '.join(columns)}.",
                )
            adapter = TypeAdapter(row)
            return tuple(_parsed(adapter, cells, f"{file}, line {table.line_num}") for cells in table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PlanningError(f"{file}: cannot be read as CSV: {error}") from error


def _parsed(adapter: TypeAdapter[Row], cells: Mapping[str | Any, Any], where: str) -> Row:
    try:
        if None in cells:
            raise PlanningError(
                f"{where}: it has more cells than columns.", hint="Quote a cell that has a comma."
            )
        return adapter.validate_python({column: cell or None for column, cell in cells.items()})
    except ValidationError as error:
        first = error.errors()[0]
        column = ".".join(str(part) for part in first["loc"])
        raise PlanningError(f"{where}, {column}: {first['msg']}; it is {first['input']!r}.") from error


def csv_of(rows: Sequence[Row]) -> str:
    """Return the rows as CSV with a header; raises ValueError if there is none."""
    if not rows:
        raise ValueError("no rows")
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(one.name for one in fields(rows[0]))
    table.writerows([_cell(value) for value in asdict(row).values()] for row in rows)
    return text.getvalue()


def _cell(value: str | float | date | None) -> str:
    if isinstance(value, float):
        # Never in powers of ten, so that a reader sees the zeros.
        return f"{Decimal(repr(value)).normalize():f}"
    return "" if value is None else str(value)
