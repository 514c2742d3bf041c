"""`python -m local.fakes.postgres`: the database of a Supabase project, with migrations, pg_net and pg_cron.

Its HTTP port answers GET / with {"url": …}, the connection URL of Postgres.
"""

import argparse
import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.fakes.postgres.project import migrate, run_jobs_until, send_requests_until
from local.fakes.postgres.server import PostgresServer
from local.fakes.serving import HOST, command_line, serve

# The port of Postgres in Supabase's own local system.
PREFERRED_PORT = 54322


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


@contextlib.contextmanager
def _background_work(server: PostgresServer) -> Iterator[None]:
    stop = threading.Event()
    threads = [
        threading.Thread(target=work, args=(stop, server.connect()), daemon=True)
        for work in (send_requests_until, run_jobs_until)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(2)


def _free_port() -> int:
    for port in (PREFERRED_PORT, 0):
        with contextlib.suppress(OSError), socket.create_server((HOST, port)) as probe:
            chosen: int = probe.getsockname()[1]
            return chosen
    raise SystemExit("no port is free for Postgres")


def _options() -> argparse.Namespace:
    parser = command_line("postgres", "database", "The database of a Supabase project.")
    parser.add_argument("--data", type=Path, required=True, help="folder of Postgres's data, emptied first")
    return parser.parse_args()


def main() -> None:
    """Start Postgres, migrate it, and serve until SIGINT or SIGTERM."""
    options = _options()
    # uvicorn raises the signal again after it has stopped: this process must outlive Postgres.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        with PostgresServer(options.data, _free_port()) as server:
            with server.connect() as connection:
                for name in migrate(connection):
                    print(f"migrated {name}", flush=True)  # noqa: T201
            with _background_work(server):
                serve(create_app(server), options.port)
    except (RuntimeError, psycopg.Error) as error:
        sys.exit(f"the database does not start: {error}")


if __name__ == "__main__":
    main()
