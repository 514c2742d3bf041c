"""An inserted analysis is posted, signed by Standard Webhooks, and repeated until its report arrives."""

import hashlib
import hmac
import json
import os
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from cli.log_view import who_is
from local.home import REPOSITORY
from local.supervisor import process_specs
from services.core.telemetry import user_hash
from tests.supabase.conftest import HOOKS_URL, NEW_KEY, OLD_KEY, UPLOAD, Database

OTHER_KEY = "whsec_b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMDA="
VERIFY = """
import { Webhook } from "standardwebhooks";
const { body, headers, key } = JSON.parse(await new Response(Deno.stdin.readable).text());
new Webhook(key).verify(body, headers);
"""


@dataclass(frozen=True)
class Posted:
    """A request as pg_net would send it."""

    url: str
    headers: dict[str, str]
    body: bytes


def posted(database: Database) -> list[Posted]:
    rows = database.owner.execute(
        "select url, headers, body from net.http_request_queue order by id"
    ).fetchall()
    return [Posted(url, headers, bytes(body)) for url, headers, body in rows]


def change_secret(database: Database, value: str | None) -> None:
    database.owner.execute("delete from vault.secrets where name = 'vitrine_hooks_secret'")
    if value is not None:
        database.owner.execute("select vault.create_secret(%s, 'vitrine_hooks_secret')", (value,))


def wait(database: Database, analysis: str, time: timedelta) -> int:
    """Let a time pass since the last post, sweep, and return how many analyses were posted again."""
    database.owner.execute(
        "update vitrine.posts set last_at = last_at - %s where analysis_id = %s", (time, analysis)
    )
    row = database.owner.execute("select vitrine.sweep()").fetchone()
    assert row is not None
    return int(row[0])


def test_insert_is_posted_like_supabase(database: Database) -> None:
    user = database.user()
    analysis = database.ask(user)
    (request,) = posted(database)
    content: dict[str, Any] = json.loads(request.body)
    assert request.url == HOOKS_URL
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["webhook-id"] == f"anl_{analysis}"
    created_at = content["record"].pop("created_at")
    assert created_at
    assert content == {
        "type": "INSERT",
        "table": "analyses",
        "schema": "public",
        "record": {"id": analysis, "user_id": user, "upload_ids": [UPLOAD], "language": "en"},
        "old_record": None,
    }


def test_python_verifies_the_databases_signature(database: Database) -> None:
    database.ask(database.user())
    (request,) = posted(database)
    Webhook(NEW_KEY).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER_KEY).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW_KEY).verify(request.body.replace(b"en", b"fr"), request.headers)


def test_deno_verifies_the_databases_signature(database: Database) -> None:
    database.ask(database.user())
    (request,) = posted(database)

    def verifies(key: str) -> bool:
        given = {"body": request.body.decode(), "headers": request.headers, "key": key}
        config = REPOSITORY / "supabase" / "functions" / "report-ready" / "deno.json"
        command = [str(process_specs.DENO), "eval", "--quiet", "--config", str(config), VERIFY]
        variables = {**os.environ, **process_specs.DENO_ENV}
        done = subprocess.run(command, input=json.dumps(given).encode(), env=variables, check=False)
        return done.returncode == 0

    assert verifies(NEW_KEY)
    assert not verifies(OTHER_KEY)


@pytest.mark.parametrize("between", [" ", "\n", "  \t"])
def test_both_keys_sign(database: Database, between: str) -> None:
    change_secret(database, f"{OLD_KEY}{between}{NEW_KEY}\n")
    database.ask(database.user())
    (request,) = posted(database)
    for key in (OLD_KEY, NEW_KEY):
        Webhook(key).verify(request.body, request.headers)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(key=b"k" * 64, message=b"")
@example(key=b"k" * 65, message=b"m")
@given(key=st.binary(min_size=1, max_size=130), message=st.binary(max_size=300))
def test_hmac_equals_pythons(database: Database, key: bytes, message: bytes) -> None:
    row = database.owner.execute("select vitrine.hmac_sha256(%s, %s)", (message, key)).fetchone()
    assert row is not None
    assert bytes(row[0]) == hmac.digest(key, message, hashlib.sha256)


@pytest.mark.filterwarnings("default")
def test_statement_finds_logged_user(database: Database) -> None:
    user, key = database.user(), "prod's https://shop.supabase.example"
    found = database.owner.execute(who_is(user_hash(user, key), key).encode()).fetchall()
    assert found == [(UUID(user), f"{user}@vitrine.test")]


def test_analysis_waits_for_a_key(database: Database) -> None:
    change_secret(database, None)
    analysis = database.ask(database.user())
    assert posted(database) == []
    change_secret(database, NEW_KEY)
    assert wait(database, analysis, timedelta(minutes=3)) == 1
    (request,) = posted(database)
    Webhook(NEW_KEY).verify(request.body, request.headers)


def test_unanswered_analysis_is_reposted_with_backoff(database: Database) -> None:
    analysis = database.ask(database.user())
    assert wait(database, analysis, timedelta(minutes=1)) == 0
    assert wait(database, analysis, timedelta(minutes=2)) == 1
    assert wait(database, analysis, timedelta(minutes=3)) == 0
    assert wait(database, analysis, timedelta(minutes=2)) == 1
    ids = {request.headers["webhook-id"] for request in posted(database)}
    bodies = {request.body for request in posted(database)}
    assert (len(posted(database)), ids, len(bodies)) == (3, {f"anl_{analysis}"}, 1)


def test_answered_analysis_is_not_reposted(database: Database) -> None:
    analysis = database.ask(database.user())
    database.owner.execute("update public.analyses set report_id = 'R1'")
    assert wait(database, analysis, timedelta(days=1)) == 0


def test_deleted_or_old_analysis_is_dropped(database: Database) -> None:
    user = database.user()
    deleted, old = database.ask(user), database.ask(user)
    with database.session("authenticated", user) as connection:
        connection.execute("delete from public.analyses where id = %s", (deleted,))
    database.owner.execute("update public.analyses set created_at = now() - interval '3 days'")
    assert wait(database, old, timedelta(days=3)) == 0


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def insert_with(database: Database, headers: str) -> str:
    """Insert an analysis as the REST API does for a request with these headers; return its id."""
    user = database.user()
    with database.session("authenticated", user) as connection:
        connection.execute("select set_config('request.headers', %s, true)", (headers,))
        row = connection.execute(
            "insert into public.analyses (upload_ids) values (%s) returning id", ([UPLOAD],)
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_requests_trace_goes_on(database: Database) -> None:
    analysis = insert_with(database, json.dumps({"traceparent": TRACE, "host": "x"}))
    assert wait(database, analysis, timedelta(minutes=3)) == 1
    # The repeated post has no request of its own.
    assert [each.headers.get("traceparent") for each in posted(database)] == [TRACE, TRACE]


@pytest.mark.parametrize(
    "headers",
    ["", "{}", json.dumps({"traceparent": TRACE.upper()}), json.dumps({"traceparent": f"{TRACE}\n"})],
)
def test_other_headers_send_no_trace(database: Database, headers: str) -> None:
    insert_with(database, headers)
    (request,) = posted(database)
    assert "traceparent" not in request.headers


def test_sweep_is_scheduled(database: Database) -> None:
    rows = database.owner.execute(
        "select command from cron.job where jobname = 'vitrine-sweep' and schedule = '* * * * *'"
    ).fetchall()
    assert rows == [("select vitrine.sweep()",)]
