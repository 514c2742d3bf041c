"""A column of dates: each value becomes a day in UTC, and all of them must have one form."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

from planning.errors import UserListError

EARLIEST = date(2000, 1, 1)
NULLS = frozenset({"", "null", "\\n"})  # no value, as Supabase, psql and Excel write it
Days = tuple[int | None, int | None]
"""The ordinal of a date's day: read day first, and read month first."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    r"(?i:(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?)\.?"
)
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
_TIME = (
    r"(?P<time>(?:T|,? )(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d(?:[.,]\d{1,9})?)?"
    r"(?: ?(?P<half>[AaPp])[Mm])?(?P<zone> ?(?:UTC|GMT|Z)?(?P<offset>[+-]\d\d(?::?\d\d)?)?(?: \([\w ]+\))?))?"
)
_FORMS = {
    form: re.compile(f"(?P<date>{pattern}){_TIME}")
    for form, pattern in {
        "year first": r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)",
        "day and word": rf"{_WEEKDAY}(?P<day>\d\d?)(?P<mark>[ -]){_NAME},?(?P=mark)(?P<year>\d{{4}})",
        "word and day": rf"{_WEEKDAY}(?P<mark>){_NAME} (?P<day>\d\d?),? (?P<year>\d{{4}})",
        "year last": r"(?P<one>\d\d?)(?P<mark>[-/.])(?P<two>\d\d?)(?P=mark)(?P<year>\d{4})",
    }.items()
}
# Nine of ten values: of a day that the column has had, at a time in UTC.
_USUAL = re.compile(r"[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:\+00(?::?00)?|Z)")
_WRITE = "Write the dates as 2026-04-03, as Supabase's export does."
_REMEDIES = (
    (r"-?\d+(?:[.,]\d+)?", "It is a number: in Excel give the column the format yyyy-mm-dd, and save again."),
    (r"\d\d?:\d\d(?:[:.,]\d+)*", "Excel has left out the day: take the export as it was before."),
    (r"(?:created|last_sign_in)[_ ]at|banned[_ ]until", "Two lists are joined: delete the second heading."),
    (r"\d\d?[-/.]\d\d?[-/.]\d\d(?!\d).*", f"Its year has two digits. {_WRITE}"),
)  # fmt: skip


class DateColumn:
    """Reads the dates of one column, and counts the days of those that are to be counted.

    A date like 03/04/2026 has two readings. Both are followed until the column's other dates exclude one.
    `latest` is the last day that a date may have, as an ordinal.
    """

    def __init__(self, name: str, column: str, latest: int | None = None) -> None:
        self._name, self._column, self._latest = name, column, latest
        self._form = ""
        self._kind: tuple[object, ...] | None = None
        self._example = (0, "")
        self._days: dict[str, Days] = {}
        self._usual: dict[str, Days] = {}
        self._excluded: list[tuple[int, str] | None] = [None, None]
        self._future: list[tuple[int, str] | None] = [None, None]
        self._counts: Counter[Days] = Counter()
        self._unclear: tuple[int, str] | None = None

    def read(self, row: int, text: str) -> Days:
        """Return the day of a date by each reading that the column still allows; raises UserListError."""
        if (usual := self._usual.get(text[:10])) is not None and _USUAL.fullmatch(text, 10):
            return usual
        found = self._match(row, text)
        written = found["date"]
        if (days := self._days.get(written)) is None:
            days = self._days[written] = self._checked(row, text, found)
        if found["half"] or found["offset"]:
            days = _shifted(days, found)
        if self._latest is not None:
            self._note_future(row, text, days)
        if days[0] != days[1]:
            self._follow(row, text, days)
        elif _USUAL.fullmatch(text, 10):
            self._usual[text[:10]] = days
        return days

    def count(self, days: Days) -> None:
        """Count a date's day."""
        self._counts[days] += 1

    def settled(self) -> tuple[Counter[int], str | None]:
        """Return how often each day was counted, and how dates with two readings were read.

        Raises UserListError if both readings are possible and differ.
        """
        reading = 1 if self._excluded[0] else 0
        if self._unclear and not any(self._excluded):
            row, text = self._unclear
            problem = "can be the day or the month first, and no other date of the column tells which"
            raise self._error(row, text, problem, _WRITE)
        if future := self._future[reading]:
            raise self._error(*future, "lies in the future", "Correct the date, or this computer's clock.")
        proof = self._excluded[1 - reading]
        note = None if proof is None else f"{('day', 'month')[reading]} first, as row {proof[0]} shows"
        counts: Counter[int] = Counter()
        for days, count in self._counts.items():
            counts[days[reading] or 0] += count
        return counts, note and f"{self._column} is read {note}: {proof and proof[1]}"

    def _match(self, row: int, text: str) -> re.Match[str]:
        if self._form and (found := _FORMS[self._form].fullmatch(text)) and self._kind == _kind(found):
            return found
        for form, pattern in _FORMS.items():
            if found := pattern.fullmatch(text):
                if self._kind is not None:
                    problem = f"has another form than {self._example[1]!r} in row {self._example[0]}"
                    raise self._error(row, text, problem, f"A column has one form of dates. {_WRITE}")
                self._form, self._kind, self._example = form, _kind(found), (row, text)
                return found
        remedy = next((one for form, one in _REMEDIES if re.fullmatch(form, text.lower())), _WRITE)
        if text.lower() in NULLS:
            raise self._error(row, text, "is empty", "Delete the row, or fill in when the user signed up.")
        raise self._error(row, text, "is not a date", remedy)

    def _checked(self, row: int, text: str, found: re.Match[str]) -> Days:
        parts = found.groupdict()
        year = int(parts["year"])
        if "one" in parts:
            one, two = int(parts["one"]), int(parts["two"])
            days = (_day(year, two, one), _day(year, one, two))
        else:
            name = parts.get("name")
            month = int(parts["month"]) if name is None else _MONTHS.index(name.lower()) + 1
            days = (_day(year, month, int(parts["day"])),) * 2
        if days == (None, None):
            raise self._error(row, text, "is no day of the calendar", _WRITE)
        if any(day is not None and day < EARLIEST.toordinal() for day in days):
            raise self._error(row, text, f"is before {EARLIEST}", "Delete the row, or correct the date.")
        return days

    def _note_future(self, row: int, text: str, days: Days) -> None:
        for reading, day in enumerate(days):
            if day is not None and day > (self._latest or day):
                if days[0] == days[1]:
                    raise self._error(
                        row, text, "lies in the future", "Correct the date, or this computer's clock."
                    )
                self._future[reading] = self._future[reading] or (row, text)

    def _follow(self, row: int, text: str, days: Days) -> None:
        if None not in days:
            self._unclear = self._unclear or (row, text)
            return
        impossible = days.index(None)
        if other := self._excluded[1 - impossible]:
            first, second = ("day", "month") if impossible else ("month", "day")
            problem = f"has the {first} first, and {other[1]!r} in row {other[0]} the {second}"
            raise self._error(row, text, problem, _WRITE)
        self._excluded[impossible] = self._excluded[impossible] or (row, text)

    def _error(self, row: int, text: str, problem: str, remedy: str) -> UserListError:
        return UserListError(self._name, f"row {row}, {self._column}: {text[:40]!r} {problem}", remedy)


def _kind(found: re.Match[str]) -> tuple[object, ...]:
    return found["mark"], found["time"] is None, not found["zone"], found["half"] is None


def _shifted(days: Days, found: re.Match[str]) -> Days:
    """Return the days in UTC of times that are written with AM or PM, or with an offset."""
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + 12 * (found["half"] in "Pp")
    offset = (found["offset"] or "+00").replace(":", "")
    minutes = int(offset[1:3]) * 60 + int(offset[3:] or 0)
    at = hour * 60 + int(found["minute"]) - (minutes if offset[0] == "+" else -minutes)
    return tuple(day and day + at // 1440 for day in days)  # type: ignore[return-value]


def _day(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None
