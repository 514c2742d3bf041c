"""A real Postgres with the real migrations."""

import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.types.json import Jsonb

from local.fakes.postgres.project import migrate
from local.fakes.postgres.server import PostgresServer

OLD_KEY = "whsec_b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleQ=="
NEW_KEY = "whsec_bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleQ=="
HOOKS_URL = "http://127.0.0.1:9/hooks/supabase"
UPLOAD = "01JDJ5V8T0000000000000000A"


@dataclass(frozen=True)
class Database:
    """The database of a Supabase project, as its owner and as its API's users reach it."""

    url: str
    owner: psycopg.Connection

    def user(self) -> str:
        """Sign a user up, and return their id."""
        id_ = str(uuid.uuid4())
        self.owner.execute("insert into auth.users values (%s, %s)", (id_, f"{id_}@vitrine.test"))
        return id_

    @contextmanager
    def session(self, role: str, user: str | None = None) -> Iterator[psycopg.Connection]:
        """Return a transaction as the REST API opens it: a role, and the claims of the caller's token."""
        with psycopg.connect(self.url) as connection:
            connection.execute(psycopg.sql.SQL("set local role {}").format(psycopg.sql.Identifier(role)))
            claims = Jsonb({"sub": user, "role": role}) if user else ""
            connection.execute("select set_config('request.jwt.claims', %s::text, true)", (claims,))
            yield connection

    def ask(self, user: str) -> str:
        """Insert an analysis as a user, and return its id."""
        with self.session("authenticated", user) as connection:
            row = connection.execute(
                "insert into public.analyses (upload_ids) values (%s) returning id", ([UPLOAD],)
            ).fetchone()
        assert row is not None
        return str(row[0])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A running, migrated Postgres."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with PostgresServer(tmp_path_factory.mktemp("postgres") / "data", port) as server:
        with server.connect() as connection:
            assert migrate(connection)
            assert migrate(connection) == []
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[Database]:
    """The database, empty except for the receiver's address and key in Vault."""
    with postgres.connect() as owner:
        owner.execute(
            "truncate auth.users, vault.secrets, net.http_request_queue, net._http_response, vitrine.applied,"
            " vitrine.erasures cascade"
        )
        owner.execute("update vitrine.limits set open_analyses = default, analyses_per_day = default")
        owner.execute("select vault.create_secret(%s, 'vitrine_hooks_url')", (HOOKS_URL,))
        owner.execute("select vault.create_secret(%s, 'vitrine_hooks_secret')", (NEW_KEY,))
        yield Database(postgres.url, owner)
