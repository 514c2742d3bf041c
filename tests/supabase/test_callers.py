"""Who may ask for analyses: users who are signed in, and anonymous ones only by a setting."""

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.supabase.conftest import UPLOAD, Database


def ask(database: Database, **claims: Any) -> None:
    """Insert an analysis as a user whose token has these claims."""
    user = database.user()
    with database.session("authenticated", user) as connection:
        told = Jsonb({"sub": user, "role": "authenticated", **claims})
        connection.execute("select set_config('request.jwt.claims', %s::text, true)", (told,))
        connection.execute("insert into public.analyses (upload_ids) values (%s)", ([UPLOAD],))


@pytest.mark.parametrize("claims", [{}, {"is_anonymous": False}])
def test_signed_in_user_may_ask(database: Database, claims: dict[str, Any]) -> None:
    ask(database, **claims)


@pytest.mark.parametrize("claim", [True, "true", "false", 1, None, {}])
def test_anonymous_user_may_not_ask(database: Database, claim: Any) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        ask(database, is_anonymous=claim)


def test_setting_allows_anonymous_users(database: Database) -> None:
    database.owner.execute("update vitrine.limits set anonymous_users = true")
    try:
        ask(database, is_anonymous=True)
    finally:
        database.owner.execute("update vitrine.limits set anonymous_users = false")


def test_user_cannot_read_the_setting(database: Database) -> None:
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        database.session("authenticated", database.user()) as connection,
    ):
        connection.execute("select anonymous_users from vitrine.limits")
