"""The local Supabase project: its webhook keys, and its database as owner and users reach it."""

import base64
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import httpx2
import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from cli.errors import UserError
from local.home import Home

_KEY_BYTES = 32
_AS_USER = """
    select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s::text, true)
"""


@dataclass(frozen=True)
class WebhookKeys:
    """The signing key of each direction, in the form of Standard Webhooks (whsec_…).

    `webhook` signs the events to Supabase, `hooks` those of its database to Vitrine.
    """

    webhook: str
    hooks: str


def load_or_create_webhook_keys(home: Home) -> WebhookKeys:
    """Return the keys of a home, created when missing; raise UserError when their file has other content."""
    path = home.data("signing-keys.json")
    if not path.exists():
        keys = WebhookKeys(_new_key(), _new_key())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(keys), file)
        return keys
    try:
        return WebhookKeys(**json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise UserError(
            f"{path} holds no signing keys.", hint="Delete it: the next start creates new ones."
        ) from error


def _new_key() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"


class SupabaseProject:
    """The database of one project; `url` is the owner's connection URL."""

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

    @contextmanager
    def as_user(self, user: str) -> Iterator[psycopg.Connection[DictRow]]:
        """Open a transaction with the role and claims that Supabase's REST API sets for a user's token."""
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            connection.execute(_AS_USER, (Jsonb({"sub": user, "role": "authenticated"}),))
            yield connection
