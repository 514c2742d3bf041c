"""The migrations in supabase/, applied in order, each once and whole, as the Supabase CLI does."""

from pathlib import Path

import psycopg

from local.home import REPOSITORY

PRELUDE = Path(__file__).parent / "prelude.sql"
FOLDER = REPOSITORY / "supabase" / "migrations"
# What only Supabase's own Postgres can do; the prelude stands in for it.
_SKIPPED = "_extensions.sql"


def migrate(connection: psycopg.Connection) -> list[str]:
    """Apply what is new to the database, and return the names of those files.

    The connection is the owner's and commits each statement. Raises psycopg.Error when a file fails, which
    then leaves nothing behind.
    """
    if not _exists(connection, "auth.users"):
        with connection.transaction():
            connection.execute(PRELUDE.read_bytes())
    connection.execute("create schema if not exists supabase_migrations")
    connection.execute(
        "create table if not exists supabase_migrations.schema_migrations"
        " (version text primary key, name text)"
    )
    rows = connection.execute("select version from supabase_migrations.schema_migrations").fetchall()
    known = {row[0] for row in rows}
    applied = []
    for file in sorted(FOLDER.glob("*.sql")):
        version, _, name = file.stem.partition("_")
        if version in known or file.name.endswith(_SKIPPED):
            continue
        with connection.transaction():
            connection.execute(file.read_bytes())
            connection.execute(
                "insert into supabase_migrations.schema_migrations values (%s, %s)", (version, name)
            )
        applied.append(file.name)
    return applied


def _exists(connection: psycopg.Connection, table: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    return row is not None and bool(row[0])
