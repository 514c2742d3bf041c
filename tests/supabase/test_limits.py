"""How many analyses a user may ask for, and which rows the hook and the table take alike."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import CheckViolation
from pydantic import ValidationError

from services.hooks.intake import AnalysisRow
from tests.supabase.conftest import UPLOAD, Database

INSERT = "insert into public.analyses (upload_ids) select %s::text[] from generate_series(1, %s)"


def ask(database: Database, user: str, number: int) -> str | None:
    """Insert so many analyses in one statement; returns the code of the refusal."""
    with database.session("authenticated", user) as connection:
        try:
            connection.execute(INSERT, ([UPLOAD], number))
        except psycopg.Error as error:
            connection.rollback()
            assert error.diag.message_hint and "vitrine.limits" in error.diag.message_hint
            return error.sqlstate
    return None


def limit(database: Database, open_analyses: int = 1000, a_day: int = 1000) -> None:
    database.owner.execute(
        "update vitrine.limits set open_analyses = %s, analyses_per_day = %s", (open_analyses, a_day)
    )


def posted(database: Database) -> int:
    row = database.owner.execute("select count(*) from net.http_request_queue").fetchone()
    assert row is not None
    return int(row[0])


def test_flood_is_refused_whole(database: Database) -> None:
    user = database.user()
    assert ask(database, user, 5000) == "PT429"
    assert posted(database) == 0
    assert ask(database, user, 50) is None
    assert posted(database) == 50
    assert ask(database, user, 1) == "PT429"
    assert ask(database, database.user(), 50) is None


def test_answered_analyses_make_room(database: Database) -> None:
    limit(database, open_analyses=2)
    user = database.user()
    assert ask(database, user, 2) is None
    assert ask(database, user, 1) == "PT429"
    database.owner.execute("update public.analyses set report_id = 'R1' where user_id = %s", (user,))
    assert ask(database, user, 2) is None


def test_deleted_analyses_count_in_the_day(database: Database) -> None:
    limit(database, a_day=3)
    user = database.user()
    for _ in range(3):
        assert ask(database, user, 1) is None
        with database.session("authenticated", user) as connection:
            connection.execute("delete from public.analyses")
    assert ask(database, user, 1) == "PT429"
    database.owner.execute("update vitrine.usage set day = day - 1")
    assert ask(database, user, 1) is None


def test_concurrent_inserts_stay_within_the_limit(database: Database) -> None:
    limit(database, a_day=10, open_analyses=7)
    user = database.user()
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda _: ask(database, user, 1), range(24)))
    assert outcomes.count(None) == 7


def test_users_of_one_statement_count_apart(database: Database) -> None:
    limit(database, a_day=2)
    users = [database.user() for _ in range(3)]
    statement = "insert into public.analyses (user_id, upload_ids) select unnest(%s::uuid[]), %s"
    database.owner.execute(statement, ([*users, *users], [UPLOAD]))
    with pytest.raises(psycopg.Error, match="2 analyses a day"):
        database.owner.execute(statement, (users[:1], [UPLOAD]))


def hook_takes(uploads: list[str]) -> bool:
    row = {
        "id": "2f0c1a58-6c1e-4d0e-9c39-5b1f8f0f3a77",
        "user_id": "2f0c1a58-6c1e-4d0e-9c39-5b1f8f0f3a77",
        "upload_ids": uploads,
        "language": "en",
        "created_at": "2026-11-25T13:00:00+00:00",
    }
    try:
        AnalysisRow.model_validate(row, strict=False)
    except ValidationError:
        return False
    return True


ids = st.one_of(
    st.just(UPLOAD),
    st.text(alphabet="0AZ9IOUL", min_size=26, max_size=26),
    st.text(alphabet="0AZ,\n a", max_size=54),
    st.just(f"{UPLOAD},{UPLOAD}"),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(uploads=st.lists(ids, max_size=9))
def test_table_and_hook_take_the_same(database: Database, uploads: list[str]) -> None:
    limit(database, 1_000_000, 1_000_000)
    user = database.user()
    with database.session("authenticated", user) as connection:
        try:
            connection.execute("insert into public.analyses (upload_ids) values (%s)", (uploads,))
        except CheckViolation:
            connection.rollback()
            assert not hook_takes(uploads)
        else:
            assert hook_takes(uploads)
