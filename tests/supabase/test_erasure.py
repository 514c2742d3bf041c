"""A report that is erased on one side disappears from the other, in any order of events."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import psycopg
import pytest
from standardwebhooks import Webhook

from tests.supabase.conftest import NEW_KEY, Database

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
ID = "01JDJ5V8T0000000000000000A"


def apply(
    database: Database, user: str, analysis: str | None = None, id_: str = ID, seconds: int = 0
) -> bool:
    values = (user, analysis, id_, True, NOW + timedelta(seconds=seconds), "{}")
    row = database.owner.execute(
        "select vitrine.apply_report(%s, %s, %s, %s, %s, %s::jsonb)", values
    ).fetchone()
    assert row is not None
    return bool(row[0])


def erase(database: Database, user: str, analysis: str | None = None, id_: str = ID) -> bool:
    row = database.owner.execute(
        "select vitrine.erase_report(%s, %s, %s, %s)", (user, analysis, id_, NOW)
    ).fetchone()
    assert row is not None
    return bool(row[0])


def reports(database: Database) -> list[str]:
    return [str(row[0]) for row in database.owner.execute("select id from public.reports").fetchall()]


def asked(database: Database) -> list[dict[str, Any]]:
    """The bodies of the erasures that were posted; their signatures hold."""
    rows = database.owner.execute(
        "select headers, body from net.http_request_queue"
        " where headers ->> 'webhook-id' like 'era%' order by id"
    ).fetchall()
    for headers, body in rows:
        Webhook(NEW_KEY).verify(bytes(body), headers)
    return [json.loads(bytes(body)) for _, body in rows]


def pending(database: Database) -> list[str]:
    return [row[0] for row in database.owner.execute("select report_id from vitrine.erasures").fetchall()]


def sweep(database: Database, later: timedelta) -> int:
    database.owner.execute("update vitrine.erasures set last_at = last_at - %s", (later,))
    row = database.owner.execute("select vitrine.sweep_erasures()").fetchone()
    assert row is not None
    return int(row[0])


def delete_as(database: Database, user: str) -> None:
    with database.session("authenticated", user) as connection:
        connection.execute("delete from public.reports")


def test_erased_report_disappears(database: Database) -> None:
    user = database.user()
    apply(database, user)
    assert erase(database, user)
    assert reports(database) == []
    assert (asked(database), pending(database)) == ([], [])
    assert not erase(database, user)


def test_events_in_any_order_leave_no_row(database: Database) -> None:
    for order in permutations(["end", "erase", "later end", "erase again"]):
        database.owner.execute("truncate vitrine.applied, public.reports")
        user = database.user()
        for step in order:
            if "end" in step:
                apply(database, user, seconds=60 if step == "later end" else 0)
            else:
                erase(database, user)
        assert reports(database) == [], order


def test_erasure_before_the_end_answers_the_analysis(database: Database) -> None:
    user = database.user()
    analysis = database.ask(user)
    erase(database, user, analysis)
    database.owner.execute("update vitrine.posts set last_at = last_at - interval '1 day'")
    row = database.owner.execute("select vitrine.sweep()").fetchone()
    assert row == (0,)


def test_strangers_erasure_changes_nothing(database: Database) -> None:
    user = database.user()
    apply(database, user)
    assert not erase(database, database.user())
    assert reports(database) == [ID]
    assert not apply(database, user)


def test_deleted_row_is_erased_in_vitrine(database: Database) -> None:
    user = database.user()
    apply(database, user)
    delete_as(database, user)
    old = {"id": ID, "user_id": user}
    (body,) = asked(database)
    assert body == {
        "type": "DELETE", "table": "reports", "schema": "public", "record": None, "old_record": old,
    }  # fmt: skip
    assert not apply(database, user, seconds=60)


def test_erasure_is_repeated_until_confirmed(database: Database) -> None:
    user = database.user()
    apply(database, user)
    delete_as(database, user)
    assert sweep(database, timedelta(minutes=1)) == 0
    assert sweep(database, timedelta(minutes=2)) == 1
    assert sweep(database, timedelta(minutes=2)) == 0
    assert sweep(database, timedelta(minutes=5)) == 1
    assert erase(database, user)
    assert pending(database) == []
    assert sweep(database, timedelta(days=1)) == 0
    assert len(asked(database)) == 3


def test_deleted_user_is_erased_in_vitrine(database: Database) -> None:
    user = database.user()
    for number in range(3):
        apply(database, user, id_=f"{ID[:-1]}{number}")
    database.owner.execute("delete from auth.users where id = %s", (user,))
    assert len(asked(database)) == len(pending(database)) == 3


def test_report_of_a_deleted_user_is_erased(database: Database) -> None:
    user = database.user()
    database.owner.execute("delete from auth.users where id = %s", (user,))
    for _ in range(2):
        assert not apply(database, user)
    assert [body["old_record"] for body in asked(database)] == [{"id": ID, "user_id": user}]


def test_large_deletion_is_posted_in_parts(database: Database) -> None:
    user = database.user()
    for number in range(60):
        apply(database, user, id_=f"{ID[:-2]}{number:02d}")
    delete_as(database, user)
    assert len(asked(database)) == 50
    assert sweep(database, timedelta()) == 10


def test_concurrent_erasure_and_end_leave_no_row(database: Database) -> None:
    user = database.user()

    def deliver(number: int) -> None:
        with psycopg.connect(database.url, autocommit=True) as owner:
            (erase if number % 2 else apply)(Database(database.url, owner), user)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, range(16)))
    assert reports(database) == []


@pytest.mark.parametrize("status", [413, 422])
def test_refused_rows_are_not_posted_again(database: Database, status: int) -> None:
    user = database.user()
    apply(database, user)
    analysis = database.ask(user)
    delete_as(database, user)
    database.owner.execute(
        "insert into net._http_response (id, status_code, content) select id, %s, 'upload_ids: wrong'"
        " from net.http_request_queue",
        (status,),
    )
    assert sweep(database, timedelta(days=1)) == 0
    database.owner.execute("update vitrine.posts set last_at = last_at - interval '1 hour'")
    assert database.owner.execute("select vitrine.sweep()").fetchone() == (0,)
    row = database.owner.execute("select refused from public.analyses where id = %s", (analysis,)).fetchone()
    assert row == (f"Vitrine answered {status}: upload_ids: wrong",)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_other_answers_are_repeated(database: Database, status: int) -> None:
    database.ask(database.user())
    database.owner.execute(
        "insert into net._http_response (id, status_code) select id, %s from net.http_request_queue",
        (status,),
    )
    database.owner.execute("update vitrine.posts set last_at = last_at - interval '1 hour'")
    assert database.owner.execute("select vitrine.sweep()").fetchone() == (1,)


def test_erasures_are_swept_every_minute(database: Database) -> None:
    rows = database.owner.execute(
        "select command from cron.job where jobname = 'vitrine-sweep-erasures' and schedule = '* * * * *'"
    ).fetchall()
    assert rows == [("select vitrine.sweep_erasures()",)]
