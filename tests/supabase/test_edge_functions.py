"""The Edge Functions under a real Deno, on a real Postgres, called by Vitrine and by a front end."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from uuid import uuid4

import httpx2
import pytest
from standardwebhooks import Webhook

from benchmarks.log_lines import offences
from local.fakes.postgres.server import PostgresServer
from local.home import REPOSITORY
from local.supervisor import process_specs
from tests.supabase.conftest import NEW_KEY, OLD_KEY, UPLOAD, Database

FUNCTIONS = REPOSITORY / "supabase" / "functions"
OTHER_KEY = "whsec_b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMDA="


class Api(BaseHTTPRequestHandler):
    """Vitrine's API, which answers 202."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert (self.path, body) == ("/analyze", {"upload_ids": [UPLOAD]})
        self.send_response(202 if self.headers["authorization"] == "Bearer of-mine" else 403)
        self.send_header("Location", "reports/R1")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"id": "R1", "status": "queued"}')

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Receiver(BaseHTTPRequestHandler):
    """Vitrine's receiver of Edge logs, which takes a while."""

    posts: ClassVar[list[tuple[str, str, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(0.1)
        self.posts.append((self.path, self.headers["x-vitrine-logs-key"], event))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with serving(Api) as address:
        yield address


@contextmanager
def running(port: int, variables: dict[str, str]) -> Iterator[httpx2.Client]:
    url = f"http://127.0.0.1:{port}/functions/v1"
    with (
        subprocess.Popen(
            process_specs.edge_command(port),
            env={**os.environ, **process_specs.DENO_ENV, **variables},
            cwd=REPOSITORY,
        ) as process,
        # A slow machine is no error of the functions.
        httpx2.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        try:
            deadline = time.monotonic() + 120
            while True:
                assert process.poll() is None and time.monotonic() < deadline
                try:
                    client.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
                    break
                except httpx2.TransportError:
                    time.sleep(0.05)
            yield client
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def functions(postgres: PostgresServer, api: str) -> Iterator[httpx2.Client]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    variables = {
        "SUPABASE_DB_URL": postgres.url,
        "VITRINE_API_URL": api,
        "VITRINE_WEBHOOK_SECRET": f"{OLD_KEY} {NEW_KEY}",
    }
    with running(port, variables) as client:
        yield client


def event(owner: str, analysis: str | None = None, kind: str = "report.succeeded") -> dict[str, Any]:
    return {
        "type": kind,
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {
            "owner": owner,
            "analysis": analysis,
            "report": {"id": "R1", "title": "Tasse à café «émail»"},
        },
    }


def deliver(functions: httpx2.Client, content: object, key: str = NEW_KEY) -> httpx2.Response:
    body, now = json.dumps(content), datetime.now(UTC)
    headers = {
        "webhook-id": "msg_R1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(key).sign("msg_R1", now, body),
    }
    return functions.post("/report-ready", content=body, headers=headers)


@pytest.mark.parametrize("name", [*process_specs.EDGE_FUNCTIONS, "_shared"])
def test_functions_own_tests_pass(name: str) -> None:
    config = FUNCTIONS / ("analyze" if name == "_shared" else name) / "deno.json"
    options = ("--quiet", "--allow-net=127.0.0.1", "--config", str(config))
    command = [str(process_specs.DENO), "test", *options, str(FUNCTIONS / name)]
    done = subprocess.run(
        command, env={**os.environ, **process_specs.DENO_ENV}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("key", [OLD_KEY, NEW_KEY])
def test_signed_report_reaches_its_owner(database: Database, functions: httpx2.Client, key: str) -> None:
    user = database.user()
    analysis = database.ask(user)
    sent = event(user, analysis)
    answer = deliver(functions, sent, key)
    assert (answer.status_code, answer.json()) == (200, {"applied": True})
    with database.session("authenticated", user) as connection:
        row = connection.execute("select report, status, analysis_id::text from public.reports").fetchone()
    assert row == (sent["data"]["report"], "succeeded", analysis)


def test_repeated_event_applies_once(database: Database, functions: httpx2.Client) -> None:
    sent = event(database.user())
    applied = [deliver(functions, sent).json()["applied"] for _ in range(3)]
    assert applied == [True, False, False]


def test_foreign_event_leaves_no_trace(database: Database, functions: httpx2.Client) -> None:
    answer = deliver(functions, event(database.user()), OTHER_KEY)
    assert answer.status_code == 401
    assert database.owner.execute("select * from public.reports").fetchall() == []


def test_databases_own_webhook_continues_the_trace(database: Database, functions: httpx2.Client) -> None:
    # The report of a user who is gone is to be erased: the database asks for that.
    trace, body, now = "4bf92f3577b34da6a3ce929d0e0e4736", json.dumps(event(str(uuid4()))), datetime.now(UTC)
    headers = {
        "webhook-id": "msg_R1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(NEW_KEY).sign("msg_R1", now, body),
        "traceparent": f"00-{trace}-00f067aa0ba902b7-01",
    }
    assert functions.post("/report-ready", content=body, headers=headers).status_code == 200
    (sent,) = database.owner.execute(
        "select headers ->> 'traceparent' from net.http_request_queue"
    ).fetchall()
    assert sent[0].startswith(f"00-{trace}-")
    assert "00f067aa0ba902b7" not in sent[0]


def test_unavailable_database_is_503(api: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed, socket.create_server(("127.0.0.1", 0)) as probe:
        away, port = closed.getsockname()[1], probe.getsockname()[1]
    variables = {
        "SUPABASE_DB_URL": f"postgresql://postgres@127.0.0.1:{away}/postgres?sslmode=disable",
        "VITRINE_API_URL": api,
        "VITRINE_WEBHOOK_SECRET": NEW_KEY,
    }
    with running(port, variables) as client:
        answer = client.post("/report-ready", content=b"{}")
        assert answer.status_code == 401
        answer = deliver(client, event("6f0b1e52-5c0e-4c57-9d6c-2b1f6b1f0a01"))
    assert answer.status_code == 503, answer.text


def test_analysis_uses_the_callers_token(functions: httpx2.Client, api: str) -> None:
    body = {"upload_ids": [UPLOAD]}
    answer = functions.post("/analyze", json=body, headers={"Authorization": "Bearer of-mine"})
    assert (answer.status_code, answer.json()["id"]) == (202, "R1")
    assert answer.headers["location"] == f"{api}/reports/R1"
    refused = functions.post("/analyze", json=body, headers={"Authorization": "Bearer of-another"})
    assert refused.status_code == 403


def test_ending_function_sends_its_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with serving(Receiver) as address:
        variables = {
            "SUPABASE_DB_URL": "postgresql://postgres@127.0.0.1:1/postgres",
            "VITRINE_API_URL": address,
            "VITRINE_WEBHOOK_SECRET": NEW_KEY,
            "VITRINE_LOGS_URL": f"{address}/hooks/logs",
            "VITRINE_LOGS_KEY": "k" * 32,
        }
        with running(port, variables) as client:
            assert client.post("/report-ready", content=b"{}").status_code == 401
    ((path, key, sent),) = Receiver.posts
    assert (path, key, sent["source"]) == ("/hooks/logs", "k" * 32, "function_logs")
    assert offences([sent["event_message"]]) == []
    assert json.loads(sent["event_message"])["status"] == 401


def test_unknown_function_is_404(functions: httpx2.Client) -> None:
    assert functions.post("/other").status_code == 404
