"""The effect of report events on the tables: once each, in any order, however often they come."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import psycopg
import pytest

from tests.supabase.conftest import Database

TIME = datetime(2026, 11, 25, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """An event of one report, `seconds` after others."""

    owner: str
    analysis: str | None = None
    succeeded: bool = True
    seconds: int = 0
    id: str = "R1"
    content: dict[str, Any] = field(default_factory=dict)

    def apply(self, connection: psycopg.Connection) -> bool:
        ended = TIME + timedelta(seconds=self.seconds)
        row = connection.execute(
            "select vitrine.apply_report(%s, %s, %s, %s, %s, %s)",
            (self.owner, self.analysis, self.id, self.succeeded, ended, json.dumps(self.content)),
        ).fetchone()
        assert row is not None
        return bool(row[0])


def reports(database: Database, user: str) -> list[tuple[Any, ...]]:
    with database.session("authenticated", user) as connection:
        return connection.execute("select id, status, analysis_id::text from public.reports").fetchall()


def test_owner_sees_report_of_analysis(database: Database) -> None:
    user, stranger = database.user(), database.user()
    analysis = database.ask(user)
    assert Event(user, analysis).apply(database.owner)
    assert reports(database, user) == [("R1", "succeeded", analysis)]
    assert reports(database, stranger) == []
    row = database.owner.execute(
        "select report_id from public.analyses where id = %s", (analysis,)
    ).fetchone()
    assert row == ("R1",)


def test_report_without_analysis_is_kept(database: Database) -> None:
    user = database.user()
    assert Event(user, succeeded=False).apply(database.owner)
    assert reports(database, user) == [("R1", "failed", None)]


def test_repeated_event_changes_nothing(database: Database) -> None:
    user = database.user()
    assert Event(user).apply(database.owner)
    assert not Event(user).apply(database.owner)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_newest_event_wins(database: Database, order: tuple[int, ...]) -> None:
    user = database.user()
    events = [
        Event(user, succeeded=True, seconds=0),
        Event(user, succeeded=False, seconds=1),
        Event(user, succeeded=False, seconds=2),
        Event(user, succeeded=True, seconds=2),
    ]
    for index in order:
        events[index].apply(database.owner)
    assert reports(database, user) == [("R1", "succeeded", None)]


def test_concurrent_deliveries_apply_once(database: Database) -> None:
    event = Event(database.user())

    def deliver(_: int) -> bool:
        with psycopg.connect(database.url, autocommit=True) as connection:
            return event.apply(connection)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(deliver, range(8))) == 1


def test_deleted_report_stays_deleted(database: Database) -> None:
    user = database.user()
    Event(user).apply(database.owner)
    with database.session("authenticated", user) as connection:
        connection.execute("delete from public.reports")
    assert not Event(user).apply(database.owner)
    assert reports(database, user) == []


def test_deleted_users_event_is_dropped(database: Database) -> None:
    assert not Event("6f0b1e52-5c0e-4c57-9d6c-2b1f6b1f0a01").apply(database.owner)


def test_foreign_analysis_is_not_answered(database: Database) -> None:
    user, stranger = database.user(), database.user()
    analysis = database.ask(stranger)
    assert Event(user, analysis).apply(database.owner)
    assert Event(user, "6f0b1e52-5c0e-4c57-9d6c-2b1f6b1f0a01", id="R2").apply(database.owner)
    assert sorted(reports(database, user)) == [("R1", "succeeded", None), ("R2", "succeeded", None)]
    row = database.owner.execute(
        "select report_id from public.analyses where id = %s", (analysis,)
    ).fetchone()
    assert row == (None,)


def test_event_cannot_take_another_report(database: Database) -> None:
    user, stranger = database.user(), database.user()
    Event(user).apply(database.owner)
    Event(stranger, seconds=5, succeeded=False).apply(database.owner)
    assert reports(database, user) == [("R1", "succeeded", None)]
