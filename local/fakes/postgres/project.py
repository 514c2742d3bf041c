"""Makes a plain Postgres a Supabase project: the migrations, and what pg_net and pg_cron do."""

import threading
from pathlib import Path
from typing import LiteralString, cast

import httpx2
import psycopg

from local.home import REPOSITORY

PRELUDE = Path(__file__).parent / "prelude.sql"
MIGRATIONS = REPOSITORY / "supabase" / "migrations"
# Only Supabase's own Postgres has these extensions; the prelude replaces this migration.
_SKIPPED = "_extensions.sql"
_DEQUEUE = """
    delete from net.http_request_queue where id in (
        select id from net.http_request_queue order by id limit 50 for update skip locked
    ) returning id, url, headers, body, timeout_milliseconds
"""
_STORE_RESPONSE = """
    insert into net._http_response (id, status_code, content, timed_out, error_msg)
    values (%s, %s, %s, %s, %s)
"""
_EVERY_MINUTE = "* * * * *"
_IDLE_S = 1.0


def migrate(connection: psycopg.Connection) -> list[str]:
    """Apply the migrations that the database lacks, in order, and return their file names.

    The connection is the owner's and commits each statement. Raises psycopg.Error when a file fails; nothing
    of that file is applied then.
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
    for file in sorted(MIGRATIONS.glob("*.sql")):
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


def send_queued_requests(connection: psycopg.Connection, client: httpx2.Client) -> int:
    """Send the queued HTTP requests, each once, store the responses, and return how many were sent.

    As with pg_net, a request is never sent twice; its outcome is in net._http_response.
    """
    rows = connection.execute(_DEQUEUE).fetchall()
    for id_, url, headers, body, timeout_ms in rows:
        status, content, timed_out, error_text = None, None, False, None
        try:
            answer = client.post(url, headers=headers, content=bytes(body), timeout=timeout_ms / 1000)
            status, content = answer.status_code, answer.text
        except httpx2.TimeoutException:
            timed_out, error_text = True, "Timeout was reached"
        except httpx2.HTTPError as error:
            error_text = type(error).__name__
        connection.execute(_STORE_RESPONSE, (id_, status, content, timed_out, error_text))
    return len(rows)


def run_minute_jobs(connection: psycopg.Connection) -> None:
    """Run the cron jobs that are due every minute; rarer jobs do not run in the local system."""
    rows = connection.execute("select command from cron.job where schedule = %s", (_EVERY_MINUTE,)).fetchall()
    for (command,) in rows:
        connection.execute(cast("LiteralString", command))


def send_requests_until(stop: threading.Event, connection: psycopg.Connection) -> None:
    """Send requests as they are committed, until `stop` is set."""
    connection.execute("listen vitrine_net")
    # trust_env off: a proxy in the caller's shell must not stand between us and loopback.
    with httpx2.Client(trust_env=False) as client:
        while not stop.is_set():
            while send_queued_requests(connection, client):
                pass
            for _ in connection.notifies(timeout=_IDLE_S, stop_after=1):
                pass


def run_jobs_until(stop: threading.Event, connection: psycopg.Connection) -> None:
    """Run the cron jobs once a minute, until `stop` is set."""
    while not stop.wait(60):
        run_minute_jobs(connection)
