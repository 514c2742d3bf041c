"""The rows of a CSV file as Supabase, psql or Excel write one."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

from planning.errors import UserListError
from planning.users.stream import MAX_LINE, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planning.users.stream import Source

DELIMITERS = ",;\t"
NEEDED = "created_at"
# The line by which Excel is told the separator.
_SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t]*', re.IGNORECASE)
_EXPORT = "Export the table auth.users as CSV, with its heading."


class Row(NamedTuple):
    """A row; `number` counts as a spreadsheet does: a heading in the first line is row 1."""

    number: int
    cells: list[str]


class Table:
    """The columns of a heading and, once each, the rows below. Raises UserListError."""

    def __init__(self, source: Source, name: str) -> None:
        self.name = name
        csv.field_size_limit(MAX_LINE)
        self._line, self._heading = "", 1
        self._lines = self._followed(lines(source, name))
        heading = self._next_line()
        if found := _SEPARATOR.fullmatch(heading.strip("\r\n ")):
            delimiter, heading = found[1], self._next_line()
            if delimiter not in DELIMITERS:
                raise UserListError(
                    name, f"names the separator {delimiter!r}", "Export with commas or semicolons."
                )
        else:
            delimiter = max(DELIMITERS, key=lambda one: len(_columns(heading, one)))
        self.columns = _columns(heading, delimiter)
        if not self.columns:
            raise self._no_dates(heading)
        if twice := [one for one in self.columns if one and self.columns.count(one) > 1]:
            raise UserListError(name, f"has the column {twice[0]} twice", "Delete one of the two columns.")
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)

    def place(self, column: str) -> int | None:
        """Return where a column is, or None."""
        return self.columns.index(column) if column in self.columns else None

    def rows(self) -> Iterator[Row]:
        """Yield the rows that hold a value, each as wide as the heading."""
        width, number = len(self.columns), self._heading
        try:
            for number, cells in enumerate(self._reader, self._heading + 1):
                if len(cells) == width:
                    pass
                elif any(cell.strip() for cell in cells[width:]):
                    problem = f"row {number} has {len(cells)} fields, and the heading {width}"
                    remedy = "Quote the fields that hold a separator, or export the list again."
                    raise UserListError(self.name, problem, remedy)
                elif not self._line.endswith(("\n", "\r")):
                    raise UserListError(self.name, f"ends in the middle of row {number}", "Export it again.")
                else:
                    # Excel leaves out the empty cells at the end of a row.
                    cells = (cells + [""] * width)[:width]
                if any(cells):
                    yield Row(number, cells)
        except csv.Error as error:
            raise UserListError(
                self.name,
                f"row {number + 1} has a quote that is not closed, or text behind one ({error})",
                "Rows of a cut or an edited file are so: export the list again.",
            ) from error

    def _followed(self, read: Iterator[str]) -> Iterator[str]:
        for self._line in read:
            yield self._line

    def _next_line(self) -> str:
        for line in self._lines:
            if line.strip():
                return line
            self._heading += 1
        raise UserListError(self.name, "is empty", _EXPORT)

    def _no_dates(self, heading: str) -> UserListError:
        # Without a heading the first line is a user's: it is not printed.
        cells = [cell.strip(' "\r\n') for cell in re.split(f"[{DELIMITERS}]", heading)]
        if heading.startswith('"') and NEEDED in cells:
            remedy = "In Excel open the export by Data, From Text, and save it again."
            return UserListError(self.name, "has lines that are quoted as a whole", remedy)
        return UserListError(
            self.name, f"has no column {NEEDED} among the {len(cells)} of its first line", _EXPORT
        )


def _columns(heading: str, delimiter: str) -> list[str]:
    """Return the names of the columns by this separator, or none if the needed one is not among them."""
    try:
        cells = next(csv.reader([heading], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    columns = [re.sub(r"[ _]+", "_", cell.strip().lower()) for cell in cells]
    return columns if NEEDED in columns else []
