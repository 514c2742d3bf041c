"""A Supabase project in a plain Postgres: the migrations, what pg_net and pg_cron do, and its client.

`python -m local.fakes.postgres.project` serves one. Its HTTP port answers GET / with {"url": …}, the
connection URL of Postgres.
"""

import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString, cast

import click
import httpx2
import psycopg
import uvicorn
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from cli.errors import UserError
from local.fakes.postgres.server import PostgresServer
from local.home import REPOSITORY

# The port of Postgres in Supabase's own local system.
PREFERRED_PORT = 54322
PRELUDE = Path(__file__).parent / "prelude.sql"
MIGRATIONS = REPOSITORY / "supabase" / "migrations"
# Only Supabase's own Postgres has these extensions; the prelude replaces this migration.
_SKIPPED = "_extensions.sql"
_CREATE_MIGRATIONS = """
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (version text primary key, name text)
"""
_DEQUEUE = """
    delete from net.http_request_queue where id in (
        select id from net.http_request_queue order by id limit 50 for update skip locked
    ) returning id, url, headers, body, timeout_milliseconds
"""
_STORE_RESPONSE = """
    insert into net._http_response (id, status_code, content, timed_out, error_msg)
    values (%s, %s, %s, %s, %s)
"""
_AS_USER = """
    select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s::text, true)
"""
_IDLE_S = 1.0


class SupabaseProject:
    """The client of one project; `url` is the owner's connection URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    @classmethod
    def at(cls, address: str) -> "SupabaseProject":
        """Return the project of the database process at `address`; raise UserError without an answer."""
        try:
            with httpx2.Client(trust_env=False, timeout=5) as client:
                return cls(client.get(address).raise_for_status().json()["url"])
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            raise UserError(
                f"The database at {address} does not answer ({type(error).__name__}).",
                hint="Run `python -m local up --mode async`.",
            ) from error

    def set_secrets(self, **values: str) -> None:
        """Create or replace secrets in Vault, by name."""
        with psycopg.connect(self.url) as connection:
            for name, value in values.items():
                connection.execute("delete from vault.secrets where name = %s", (name,))
                connection.execute("select vault.create_secret(%s, %s)", (value, name))

    def add_user(self, user: str, email: str) -> None:
        """Add a user to the database, as Supabase Auth does after a sign-up."""
        with psycopg.connect(self.url) as connection:
            connection.execute("insert into auth.users values (%s, %s) on conflict do nothing", (user, email))

    def webhook_outcome(self, analysis: str) -> str | None:
        """Return the status or the error of an analysis row's webhook; None while it is being sent."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(
                "select coalesce(status_code::text, error_msg) from net._http_response, public.analyses"
                " where analyses.id = %s and created >= created_at order by net._http_response.id limit 1",
                (analysis,),
            ).fetchone()
        return None if row is None else row[0]

    @contextlib.contextmanager
    def as_user(self, user: str) -> Iterator[psycopg.Connection[DictRow]]:
        """Open a transaction with the role and claims that Supabase's REST API sets for a user's token."""
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            connection.execute(_AS_USER, (Jsonb({"sub": user, "role": "authenticated"}),))
            yield connection


def migrate(connection: psycopg.Connection) -> list[str]:
    """Apply the migrations that the database lacks, in order, and return their file names.

    The connection is the owner's and commits each statement. Raises psycopg.Error when a file fails; nothing
    of that file is applied then.
    """
    if connection.execute("select to_regclass('auth.users')").fetchone() == (None,):
        with connection.transaction():
            connection.execute(PRELUDE.read_bytes())
    connection.execute(_CREATE_MIGRATIONS)
    known = connection.execute("select version from supabase_migrations.schema_migrations").fetchall()
    applied = []
    for file in sorted(MIGRATIONS.glob("*.sql")):
        version, _, name = file.stem.partition("_")
        if (version,) in known or file.name.endswith(_SKIPPED):
            continue
        with connection.transaction():
            connection.execute(file.read_bytes())
            connection.execute(
                "insert into supabase_migrations.schema_migrations values (%s, %s)", (version, name)
            )
        applied.append(file.name)
    return applied


def _send_queued_requests(connection: psycopg.Connection, client: httpx2.Client) -> int:
    # As with pg_net, a request is never sent twice; its outcome is in net._http_response.
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


def _send_requests_until(stop: threading.Event, connection: psycopg.Connection) -> None:
    connection.execute("listen vitrine_net")
    # trust_env off: a proxy in the caller's shell must not stand between us and loopback.
    with httpx2.Client(trust_env=False) as client:
        while not stop.is_set():
            while _send_queued_requests(connection, client):
                pass
            for _ in connection.notifies(timeout=_IDLE_S, stop_after=1):
                pass


def _run_jobs_until(stop: threading.Event, connection: psycopg.Connection) -> None:
    # Jobs that are due less often than every minute do not run in the local system.
    while not stop.wait(60):
        jobs = connection.execute("select command from cron.job where schedule = '* * * * *'")
        for (command,) in jobs.fetchall():
            connection.execute(cast("LiteralString", command))


@contextlib.contextmanager
def _background_work(server: PostgresServer) -> Iterator[None]:
    stop = threading.Event()
    threads = [
        threading.Thread(target=work, args=(stop, server.connect()), daemon=True)
        for work in (_send_requests_until, _run_jobs_until)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(2)


def create_app(server: PostgresServer) -> Starlette:
    """Return the app that publishes where Postgres listens, and whether it still does."""

    def connection_url(request: Request) -> Response:
        return JSONResponse({"url": server.url})

    def healthz(request: Request) -> Response:
        try:
            psycopg.connect(server.url, connect_timeout=2).close()
        except psycopg.Error:
            return PlainTextResponse("Postgres does not answer", 503)
        return PlainTextResponse("ready")

    return Starlette(routes=[Route("/", connection_url), Route("/healthz", healthz)])


def _free_port() -> int:
    for port in (PREFERRED_PORT, 0):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)) as probe:
            chosen: int = probe.getsockname()[1]
            return chosen
    raise SystemExit("no port is free for Postgres")


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--data", type=Path, required=True, help="The folder of Postgres's data, emptied first.")
def main(port: int, data: Path) -> None:
    """Start Postgres, migrate it, and serve on 127.0.0.1 until SIGINT or SIGTERM."""
    # uvicorn raises the signal again after it has stopped: this process must outlive Postgres.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        with PostgresServer(data, _free_port()) as server:
            with server.connect() as connection:
                for name in migrate(connection):
                    click.echo(f"migrated {name}")
            with _background_work(server):
                uvicorn.run(create_app(server), port=port, access_log=False)
    except (RuntimeError, psycopg.Error) as error:
        sys.exit(f"the database does not start: {error}")


if __name__ == "__main__":
    main()
