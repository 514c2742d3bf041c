"""Reads a list of users as Supabase exports one: row by row, counted by day."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from planning.errors import UserListError
from planning.users.dates import NULLS, DateColumn
from planning.users.table import NEEDED, Table
from planning.users.user_list import ACTIVE_DAYS, UserList

if TYPE_CHECKING:
    from planning.users.dates import Days
    from planning.users.stream import Source

# Excel translates the two words when it saves.
_FLAGS = dict.fromkeys(("true", "t", "1", "yes", "vrai"), True)
_FLAGS |= dict.fromkeys(("false", "f", "0", "no", "faux", *NULLS), False)


def read_users(source: Source, name: str, today: date) -> UserList:
    """Count the users of a list by the day on which they signed up; `name` stands for it in errors.

    The list is CSV with a heading. `created_at` is needed; `deleted_at`, `banned_until`, `is_anonymous`,
    `confirmed_at` and `last_sign_in_at` are used where they are, and other columns are skipped. The source is
    read once, in constant memory. A date may be a day after `today`, which is not UTC's everywhere.

    Raises UserListError, with row, column and remedy, for all that cannot be read without a guess.
    """
    table = Table(source, name)
    users = _Users(table, today)
    for row in table.rows():
        users.add(row.number, row.cells)
    return users.counted()


class _Users:
    def __init__(self, table: Table, today: date) -> None:
        self._name, self._today = table.name, today.toordinal()
        latest = self._today + 1
        self._created = DateColumn(table.name, NEEDED, latest)
        self._signed_in = DateColumn(table.name, "last_sign_in_at", latest)
        self._banned = DateColumn(table.name, "banned_until")
        self._created_at = table.columns.index(NEEDED)
        self._signed_in_at, self._deleted_at, self._banned_at, self._anonymous_at, self._confirmed_at = map(
            table.place, ("last_sign_in_at", "deleted_at", "banned_until", "is_anonymous", "confirmed_at")
        )
        self._left_out: Counter[str] = Counter()

    def add(self, row: int, cells: list[str]) -> None:
        """Count one user."""
        self._created.count(self._created.read(row, cells[self._created_at].strip()))
        kind = self._left_out_as(row, cells)
        if kind is not None:
            self._left_out[kind] += 1
        if (text := _value(cells, self._signed_in_at)) is not None:
            days = self._signed_in.read(row, text)
            if kind is None:
                self._signed_in.count(days)

    def _left_out_as(self, row: int, cells: list[str]) -> str | None:
        if _value(cells, self._deleted_at) is not None:
            return "deleted"
        if (text := _value(cells, self._banned_at)) is not None and self._is_banned(
            row, text, self._banned.read(row, text)
        ):
            return "banned"
        if self._anonymous_at is not None and self._flag(row, cells[self._anonymous_at]):
            return "anonymous"
        if self._confirmed_at is not None and _value(cells, self._confirmed_at) is None:
            return "unconfirmed"
        return None

    def _is_banned(self, row: int, text: str, days: Days) -> bool:
        readings = {day > self._today for day in days if day is not None}
        if len(readings) > 1:
            problem = f"row {row}, banned_until: {text!r} is past or not, by which number is the month"
            raise UserListError(self._name, problem, "Write the dates as 2026-04-03.")
        return readings.pop()

    def _flag(self, row: int, text: str) -> bool:
        value = _FLAGS.get(text.strip().lower())
        if value is None:
            problem = f"row {row}, is_anonymous: {text[:40]!r} is neither true nor false"
            raise UserListError(self._name, problem, "Export the list again.")
        return value

    def counted(self) -> UserList:
        """Return what was counted."""
        created, read_as = self._created.settled()
        if not created:
            raise UserListError(self._name, "has a heading and no user", "Export the table auth.users again.")
        first, last = min(created), max(created)
        active = None
        if self._signed_in_at is not None:
            signed_in, _ = self._signed_in.settled()
            since = max(last, *signed_in) - ACTIVE_DAYS
            active = sum(count for day, count in signed_in.items() if day > since)
        return UserList(
            name=self._name,
            first=date.fromordinal(first),
            signups=tuple(created[day] for day in range(first, last + 1)),
            left_out=dict(sorted(self._left_out.items())),
            active=active,
            notes=() if read_as is None else (read_as,),
        )


def _value(cells: list[str], place: int | None) -> str | None:
    """Return a cell's text, or None if the list has no such column, or the cell no value."""
    if place is None:
        return None
    text = cells[place].strip()
    return None if text.lower() in NULLS else text
