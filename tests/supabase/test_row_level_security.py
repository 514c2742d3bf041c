"""The rights of each role on each user's rows: 16 cells for each of the two tables."""

import uuid
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.supabase.conftest import UPLOAD, Database

# done: it takes effect · nothing: no row is there for this caller · refused: the database says no
TABLE = {
    "analyses": {
        #                select    insert     update     delete
        "owner":        ("done",    "done",    "refused", "done"),
        "stranger":     ("nothing", "refused", "refused", "nothing"),
        "anonymous":    ("refused", "refused", "refused", "refused"),
        "service role": ("done",    "done",    "done",    "done"),
    },
    "reports": {
        "owner":        ("done",    "refused", "refused", "done"),
        "stranger":     ("nothing", "refused", "refused", "nothing"),
        "anonymous":    ("refused", "refused", "refused", "refused"),
        "service role": ("done",    "done",    "done",    "done"),
    },
}  # fmt: skip
ACTIONS = ("select", "insert", "update", "delete")
CELLS = [
    (table, caller, action, outcome)
    for table, callers in TABLE.items()
    for caller, outcomes in callers.items()
    for action, outcome in zip(ACTIONS, outcomes, strict=True)
]
STATEMENTS = {
    ("analyses", "select"): "select id from public.analyses where user_id = %(owner)s",
    (
        "analyses",
        "insert",
    ): "insert into public.analyses (user_id, upload_ids) values (%(owner)s, %(uploads)s)",
    ("analyses", "update"): "update public.analyses set language = 'fr' where user_id = %(owner)s",
    ("analyses", "delete"): "delete from public.analyses where user_id = %(owner)s",
    ("reports", "select"): "select id from public.reports where user_id = %(owner)s",
    (
        "reports",
        "insert",
    ): "insert into public.reports values (%(new)s, %(owner)s, null, 'failed', '{}', %(now)s)",
    ("reports", "update"): "update public.reports set status = 'failed' where user_id = %(owner)s",
    ("reports", "delete"): "delete from public.reports where user_id = %(owner)s",
}


@pytest.fixture
def owner(database: Database) -> str:
    """A user with one analysis and one report."""
    user = database.user()
    database.ask(user)
    database.owner.execute(
        "insert into public.reports values ('R1', %s, null, 'succeeded', '{}', now())", (user,)
    )
    return user


def outcome_of(database: Database, caller: str, owner: str, table: str, action: str) -> str:
    role, user = {
        "owner": ("authenticated", owner),
        "stranger": ("authenticated", database.user()),
        "anonymous": ("anon", None),
        "service role": ("service_role", None),
    }[caller]
    values = {"owner": owner, "uploads": [UPLOAD], "new": str(uuid.uuid4()), "now": datetime.now(UTC)}
    with database.session(role, user) as connection:
        try:
            return "done" if connection.execute(STATEMENTS[table, action], values).rowcount else "nothing"
        except InsufficientPrivilege:
            connection.rollback()
            return "refused"


@pytest.mark.parametrize(("table", "caller", "action", "outcome"), CELLS)
def test_each_role_has_its_rights(
    database: Database, owner: str, table: str, caller: str, action: str, outcome: str
) -> None:
    assert outcome_of(database, caller, owner, table, action) == outcome


@pytest.mark.parametrize("table", ["posts", "applied", "limits", "usage", "erasures"])
@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_webhook_state_is_private(database: Database, table: str, role: str) -> None:
    with database.session(role) as connection:
        with pytest.raises(InsufficientPrivilege):
            connection.execute(
                psycopg.sql.SQL("select * from vitrine.{}").format(psycopg.sql.Identifier(table))
            )
        connection.rollback()


@pytest.mark.parametrize("function", ["vitrine.secret('vitrine_hooks_secret')", "vitrine.sweep()"])
def test_users_cannot_call_key_functions(database: Database, function: str) -> None:
    with database.session("authenticated", database.user()) as connection:
        with pytest.raises(InsufficientPrivilege):
            connection.execute(f"select {function}".encode())
        connection.rollback()


def test_user_id_defaults_to_caller(database: Database) -> None:
    user = database.user()
    analysis = database.ask(user)
    row = database.owner.execute("select user_id from public.analyses where id = %s", (analysis,)).fetchone()
    assert row is not None and str(row[0]) == user


def test_deleted_users_rows_disappear(database: Database, owner: str) -> None:
    database.owner.execute("delete from auth.users where id = %s", (owner,))
    for table in ("analyses", "reports"):
        assert outcome_of(database, "service role", owner, table, "select") == "nothing"


@pytest.mark.parametrize(
    "uploads",
    [
        [],
        [UPLOAD] * 9,
        ["../../other"],
        [None],
        [UPLOAD, None],
        [UPLOAD, ""],
        [f"{UPLOAD},{UPLOAD}"],
        [f"{UPLOAD},{UPLOAD}", UPLOAD],
        [f"{UPLOAD}\n"],
        [UPLOAD.lower()],
        [*(f"{UPLOAD[:-1]}{letter}" for letter in "IL")],
        [f"{UPLOAD[:-1]}O"],
        [f"{UPLOAD[:-1]}U"],
        [[UPLOAD, UPLOAD]],
    ],
)
def test_invalid_upload_id_is_refused(database: Database, uploads: list[Any]) -> None:
    with database.session("authenticated", database.user()) as connection:
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("insert into public.analyses (upload_ids) values (%s)", (uploads,))
        connection.rollback()
