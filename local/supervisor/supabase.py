"""The local Supabase project, as its owner sets it up and as its users' requests reach its tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from cli.errors import UserError

_AS_USER = """
    select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s::text, true)
"""


class Project:
    """One project's database; `url` is what its owner connects by."""

    def __init__(self, url: str) -> None:
        self.url = url

    @classmethod
    def of(cls, address: str) -> "Project":
        """Return the project whose database part answers at `address`; raise LocalError when none does."""
        try:
            with httpx2.Client(trust_env=False, timeout=5) as client:
                return cls(client.get(address).raise_for_status().json()["url"])
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            raise UserError(
                f"The database at {address} does not answer ({type(error).__name__}).",
                hint="Run `python -m local up --mode async`.",
            ) from error

    def set_secrets(self, **values: str) -> None:
        """Put secrets into Vault, in the place of those of the same names."""
        with psycopg.connect(self.url) as connection:
            for name, value in values.items():
                connection.execute("delete from vault.secrets where name = %s", (name,))
                connection.execute("select vault.create_secret(%s, %s)", (value, name))

    def sign_up(self, user: str, email: str) -> None:
        """Let the database know a user, as Supabase Auth does when somebody signs up."""
        with psycopg.connect(self.url) as connection:
            connection.execute("insert into auth.users values (%s, %s) on conflict do nothing", (user, email))

    def webhook_answer(self, analysis: str) -> str | None:
        """Return how the webhook of an analysis was answered, or why not; None while it is under way."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(
                "select coalesce(status_code::text, error_msg) from net._http_response, public.analyses"
                " where analyses.id = %s and created >= created_at order by net._http_response.id limit 1",
                (analysis,),
            ).fetchone()
        return None if row is None else row[0]

    @contextmanager
    def as_user(self, user: str) -> Iterator[psycopg.Connection[DictRow]]:
        """Open a transaction as Supabase's REST API opens one for a user's token."""
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            connection.execute(_AS_USER, (Jsonb({"sub": user, "role": "authenticated"}),))
            yield connection
