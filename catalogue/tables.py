"""Reads CSV files into rows, and collects every problem with its file, line, field and remedy."""

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ID = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_ANSWER = re.compile(r"[a-z0-9]+([ '-][a-z0-9]+)*")
_NAME = re.compile(r"[^\W_]+([ '-][^\W_]+)*")
_QUESTION = re.compile(r"(is|are|does|has) [a-z0-9 '-]+\?")
_LONGEST = 48


class CatalogueError(ValueError):
    """The catalogue's data is wrong; the message has a line per problem: file, line, field and remedy."""


@dataclass(frozen=True)
class Row:
    """A line of a file. Each method returns the value of a field, and notes a problem if it is wrong."""

    file: str
    line: int
    cells: Mapping[str, str]
    problems: list[str]

    def refuse(self, field: str, remedy: str) -> None:
        """Note that the field's value is wrong, and what would be right."""
        self.problems.append(f"{self.file}:{self.line}: {field} = {self.cells[field]!r}: {remedy}")

    def id(self, field: str = "id") -> str:
        """Return an id: lower case, digits and single underscores."""
        return self._matching(
            field, _ID, "allowed are lower case letters, digits and underscores: running_shoe"
        )

    def answer(self, field: str = "answer") -> str:
        """Return what the model is scored on: plain lower case, as in running shoe."""
        return self._checked_answer(field, self.cells[field])

    def answers(self, field: str) -> tuple[str, ...]:
        """Return the answers of a list separated by `|`; an empty cell is none."""
        cell = self.cells[field]
        found = tuple(self._checked_answer(field, answer) for answer in cell.split("|")) if cell else ()
        if len(set(found)) < len(found):
            self.refuse(field, "write each only once")
        return found

    def name(self, field: str) -> str:
        """Return a name as a text prints it: words with their accents, without commas, brackets or signs."""
        value = self._matching(
            field, _NAME, "write a name as inside a sentence, without commas, brackets or &"
        )
        if not unicodedata.is_normalized("NFC", value):
            self.refuse(field, "its accents are separate characters: save the file in the form NFC")
        return value

    def optional_name(self, field: str) -> str | None:
        """Return a name, or None for an empty cell."""
        return self.name(field) if self.cells[field] else None

    def question(self, field: str) -> str:
        """Return a question that is answered by yes or no."""
        return self._matching(
            field, _QUESTION, "write a question for yes or no in lower case: is the sole worn?"
        )

    def choice(self, field: str, allowed: Sequence[str]) -> str:
        """Return one of the allowed values; an empty one may be among them."""
        if self.cells[field] not in allowed:
            self.refuse(field, f"allowed: {', '.join(value or 'nothing' for value in allowed)}")
            return allowed[0]
        return self.cells[field]

    def _matching(self, field: str, pattern: re.Pattern[str], remedy: str) -> str:
        value = self.cells[field]
        if not pattern.fullmatch(value) or len(value) > _LONGEST:
            self.refuse(
                field, f"{remedy}, at most {_LONGEST} characters" if value else f"is missing: {remedy}"
            )
        return value

    def _checked_answer(self, field: str, value: str) -> str:
        if not _ANSWER.fullmatch(value) or len(value) > _LONGEST:
            self.refuse(
                field, f"{value!r} is no answer: write lower case words of a to z, as a person says them"
            )
        return value


def read_text(path: Path, file: str, problems: list[str]) -> str:
    """Return the text of a UTF-8 file with newlines as \\n; note a problem and return "" if there is none."""
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        problems.append(f"{file}: is missing: add it")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{file}: cannot be read as UTF-8 ({error}): save it as UTF-8")
    return ""


def read_table(
    text: str, file: str, columns: Sequence[str], problems: list[str], least: int = 1
) -> list[Row]:
    """Return the rows of a CSV text whose first line names exactly these columns; note each wrong line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        if next(reader, []) != list(columns):
            problems.append(f"{file}:1: the first line must be {','.join(columns)}")
            return rows
        for cells in reader:
            if len(cells) != len(columns):
                remedy = f"it has {len(cells)} fields: write the {len(columns)} of the first line"
                problems.append(f"{file}:{reader.line_num}: {remedy}")
            elif spaced := [name for name, cell in zip(columns, cells, strict=True) if cell != cell.strip()]:
                problems.append(f"{file}:{reader.line_num}: {spaced[0]}: remove the spaces around the value")
            else:
                rows.append(Row(file, reader.line_num, dict(zip(columns, cells, strict=True)), problems))
    except csv.Error as error:
        problems.append(f"{file}:{reader.line_num}: {error}: balance the quotes of this line")
        return rows
    if len(rows) < least:
        problems.append(f"{file}: has no line that can be read: add one")
    return rows


def known(name: str, names: Iterable[str]) -> str:
    """Return what to say of a name that is none of `names`: the nearest one, or all."""
    listed = list(names)
    near = difflib.get_close_matches(name, listed, n=1)
    return f"is unknown: did you mean {near[0]}?" if near else f"is unknown: allowed are {', '.join(listed)}"
