"""A Supabase project's database: Postgres with the migrations, its requests sent and its jobs run.

On its own port it says where Postgres is: GET / gives {"url": …}.
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

from local.fakes.postgres.migrations import migrate
from local.fakes.postgres.network import deliver_until, schedule_until
from local.fakes.postgres.server import PostgresServer
from local.fakes.serving import HOST, command_line, serve

# Where Supabase's own local system has it.
PREFERRED_PORT = 54322


def create_app(server: PostgresServer) -> Starlette:
    """Return the app that speaks for a running Postgres; it is not healthy once Postgres has ended."""

    def where(request: Request) -> Response:
        return JSONResponse({"url": server.url})

    def healthz(request: Request) -> Response:
        try:
            psycopg.connect(server.url, connect_timeout=2).close()
        except psycopg.Error:
            return PlainTextResponse("Postgres does not answer", 503)
        return PlainTextResponse("ready")

    return Starlette(routes=[Route("/", where), Route("/healthz", healthz)])


@contextlib.contextmanager
def _at_work(server: PostgresServer) -> Iterator[None]:
    stop = threading.Event()
    threads = [
        threading.Thread(target=work, args=(stop, server.connect()), daemon=True)
        for work in (deliver_until, schedule_until)
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
    parser = command_line("database", "database", "A Supabase project's database.")
    parser.add_argument("--data", type=Path, required=True, help="folder that Postgres keeps its data in")
    return parser.parse_args()


def main() -> None:
    """Start Postgres, migrate it, and serve until SIGINT or SIGTERM."""
    options = _options()
    # uvicorn raises the signal again once it has stopped: it must not end us before Postgres.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        with PostgresServer(options.data, _free_port()) as server:
            with server.connect() as connection:
                for name in migrate(connection):
                    print(f"migrated {name}", flush=True)  # noqa: T201
            with _at_work(server):
                serve(create_app(server), options.port)
    except (RuntimeError, psycopg.Error) as error:
        sys.exit(f"the database does not start: {error}")


if __name__ == "__main__":
    main()
