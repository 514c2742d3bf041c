"""The drill's Supabase project: its Postgres, and what its users insert, read and delete there."""

import json
import random
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from benchmarks.drill.time_scale import DATABASE_TICK_S, DATABASE_TIMES_FASTER
from local.fakes.postgres.project import SupabaseProject

_AS_USER = (
    "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s::text, true)"
)
# Rows of the database that still have to be acted on.
_PENDING = """
    select (select count(*) from net.http_request_queue) as webhooks_to_send,
           (select count(*) from public.analyses where report_id is null) as analyses_unanswered,
           (select count(*) from vitrine.erasures) as erasures_unconfirmed
"""
# The drill's few users ask for more than users do.
_LIMITS = "update vitrine.limits set open_analyses = 10000, analyses_per_day = 10000"
_AGE = (
    "update vitrine.posts set last_at = last_at - %s::interval",
    "update vitrine.erasures set last_at = last_at - %s::interval",
)
_DUE = "select command from cron.job where schedule = '* * * * *'"
_ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Database:
    """Postgres, by its owner and by its users. Every call blocks and has a connection of its own."""

    def __init__(self, project: SupabaseProject) -> None:
        self._project = project

    def prepare(self, users: Iterable[str], hooks_url: str, hooks_key: str) -> None:
        """Store the webhooks' address and key, and sign users up."""
        self._project.set_secrets(vitrine_hooks_url=hooks_url, vitrine_hooks_secret=hooks_key)
        with psycopg.connect(self._project.url) as connection:
            connection.execute(_LIMITS)
        for user in users:
            self._project.add_user(user, f"{user}@vitrine.test")

    def ask(self, user: str, upload: str) -> str:
        """Insert an analysis as a user; return its id."""
        row = self._as_user(
            user, "insert into public.analyses (upload_ids) values (%s) returning id", ([upload],)
        )
        return str(row["id"])

    def report_of(self, user: str, analysis: str) -> str | None:
        """Return the report of an analysis, as its user sees it; None while it is made."""
        row = self._as_user(user, "select report_id from public.analyses where id = %s", (analysis,))
        return cast("str | None", row.get("report_id"))

    def delete_report(self, user: str, report_id: str) -> bool:
        """Delete a report's row as its user; return whether there was one."""
        return bool(
            self._as_user(user, "delete from public.reports where id = %s returning id", (report_id,))
        )

    def _as_user(self, user: str, query: Any, values: tuple[object, ...]) -> dict[str, Any]:
        with psycopg.connect(self._project.url, row_factory=dict_row) as connection:
            connection.execute(_AS_USER, (Jsonb({"sub": user, "role": "authenticated"}),))
            return connection.execute(query, values).fetchone() or {}

    def pending(self) -> dict[str, int]:
        """Count what the database still has to do, by its name."""
        with psycopg.connect(self._project.url, row_factory=dict_row) as connection:
            return dict(connection.execute(_PENDING).fetchone() or {})

    def told(self) -> int:
        """Count the reports whose end the Edge Function has applied."""
        with psycopg.connect(self._project.url) as connection:
            row = connection.execute("select count(*) from vitrine.applied").fetchone()
        return int(row[0]) if row else 0

    def reports(self) -> dict[str, str]:
        """Return the status of every report that users can see, by its id."""
        with psycopg.connect(self._project.url) as connection:
            return dict(connection.execute("select id, status from public.reports").fetchall())

    def answered(self) -> dict[str, str | None]:
        """Return the report of every analysis, by the analysis."""
        with psycopg.connect(self._project.url) as connection:
            return dict(connection.execute("select id::text, report_id from public.analyses").fetchall())

    def repeat_webhooks(self) -> None:
        """Do for ever what pg_cron does every minute, in the drill's time: post again what is unanswered."""
        shift = f"{DATABASE_TICK_S * DATABASE_TIMES_FASTER:.0f} seconds"
        while True:
            time.sleep(DATABASE_TICK_S)
            # Postgres ends before this process does.
            with (
                suppress(psycopg.OperationalError),
                psycopg.connect(self._project.url, autocommit=True) as connection,
            ):
                for table in _AGE:
                    connection.execute(table, (shift,))
                for (command,) in connection.execute(_DUE).fetchall():
                    connection.execute(cast("LiteralString", command))


def new_upload(chance: random.Random) -> str:
    """Return an upload's id."""
    return "0" + "".join(chance.choices(_ULID, k=25))


def applications(logs: Path) -> dict[str, int]:
    """Count per report the events that the Edge Function says took effect, by the logs of its processes."""
    counted: dict[str, int] = {}
    for log in logs.glob("edge*.log"):
        for line in log.read_text("utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if (
                isinstance(entry, dict)
                and entry.get("message") == "event taken"
                and entry.get("outcome") == "done"
            ):
                counted[entry["report"]] = counted.get(entry["report"], 0) + 1
    return counted
