"""Log events of every source of a Supabase project, in the form in which its drain posts them.

The drain posts the body of each event: `id`, `timestamp`, `event_message`, `metadata`. It names the source in
none of them, so that the form of `metadata` tells; our own sender in Edge Functions does name it.
"""

import json
import random
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.drill_logs.personal import Person

KEPT_SOURCES = ("function_logs", "function_edge_logs")
FUNCTIONS = ("analyze", "report-ready")
REGIONS = ("ca-central-1", "us-east-1", "eu-central-1")
# What the runtime itself says.
RUNTIME = (
    "booted (time: {n}ms)",
    "shutdown",
    "Listening on http://localhost:9999/",
    "CPU time soft limit reached",
)
Body = tuple[str, dict[str, Any]]


def new_id(chance: random.Random) -> str:
    """Return a random UUID."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def line_of_function(chance: random.Random, facts: Mapping[str, Any]) -> str:
    """Return the JSON line that one of our Edge Functions writes for a request."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "INFO",
        "logger": "analyze",
        "message": "analysis asked for",
        "service": "analyze",
        "environment": "prod",
        "version": "0123abcd",
        # With a letter: one that could be the number of a card is not kept.
        "trace": f"{chance.getrandbits(124):031x}a",
        "span": f"{chance.getrandbits(60):015x}a",
        "outcome": "done",
        "status": 202,
        "duration_ms": round(chance.uniform(1, 900), 1),
        **facts,
    }
    return json.dumps(line)


def _deployment(chance: random.Random) -> dict[str, Any]:
    function = new_id(chance)
    return {
        "deployment_id": f"abcdefghijklmnopqrst_{function}_{chance.randrange(40)}",
        "function_id": function,
        "execution_id": new_id(chance),
        "version": str(chance.randrange(40)),
    }


def function_logs(chance: random.Random, person: Person) -> Body:
    """What a function or its runtime writes to the console."""
    drawn = chance.random()
    if drawn < 0.5:
        text = line_of_function(chance, {})
    elif drawn < 0.6:
        # Personal data in fields that the schema allows.
        facts: dict[str, Any] = {
            name: person.datum() for name in ("reason", "route", "word", "error", "request")
        }
        facts |= dict.fromkeys(chance.sample(("service", "outcome", "environment", "error"), 2), person.word)
        facts |= {"user": person.card, "span": person.card, "counts": {person.word: 1}}
        facts["stages_ms"] = {person.word.lower(): 1}
        message = chance.choice((person.said(), f"signed in: {person.name}"))
        text = line_of_function(chance, {**facts, "email": person.email, "message": message})
    elif drawn < 0.75:
        text = chance.choice(RUNTIME).format(n=chance.randrange(20, 400))
    else:
        text = person.said()
    return text, {
        "event_type": chance.choice(("Log", "Boot", "Shutdown")),
        "level": chance.choice(("log", "info", "warning", "error")),
        "region": chance.choice(REGIONS),
        "served_by": f"supabase-edge-runtime-1.{chance.randrange(70)}.0",
        **_deployment(chance),
    }


def function_edge_logs(chance: random.Random, person: Person) -> Body:
    """A request to a function, with what its sender says of itself."""
    name, status = chance.choice(FUNCTIONS), chance.choice((200, 202, 401, 404, 500))
    if status == 404:
        name = person.word
    method, url = (
        chance.choice(("GET", "POST")),
        f"https://ref.supabase.co/functions/v1/{name}?u={person.email}",
    )
    request = {
        "method": method,
        "host": "ref.supabase.co",
        "pathname": f"/functions/v1/{name}",
        "url": url,
        "search": f"?u={person.email}",
        "headers": {"user_agent": f"Mozilla/5.0 ({person.name})", "x_real_ip": person.address},
    }
    return f"{method} | {status} | {url}", {
        "execution_time_ms": chance.randrange(1, 5000),
        "project_ref": "abcdefghijklmnopqrst",
        "request": request,
        "response": {"status_code": status, "headers": {"x_sb_edge_region": chance.choice(REGIONS)}},
        **_deployment(chance),
    }


def edge_logs(chance: random.Random, person: Person) -> Body:
    """A request to the project's API gateway."""
    method, path = chance.choice(("GET", "POST", "PATCH")), "/rest/v1/reports"
    headers = {"cf_connecting_ip": person.address, "x_real_ip": person.address, "user_agent": person.said()}
    request = {
        "method": method,
        "path": path,
        "search": f"?email=eq.{person.email}",
        "url": f"https://ref.supabase.co{path}?email=eq.{person.email}",
        "headers": headers,
        "sb": {"jwt": [{"authorization": [{"payload": [{"subject": person.email}]}]}]},
        "cf": {"country": "CA", "city": "Vancouver"},
    }
    return f"{method} | 200 | {person.address} | {path} | {person.name}", {
        "identifier": "abcdefghijklmnopqrst",
        "request": request,
        "response": {"status_code": 200, "origin_time": chance.randrange(900)},
    }


def postgres_logs(_: random.Random, person: Person) -> Body:
    """A statement that failed, with its values."""
    query = f"select id from public.users where email = '{person.email}'"  # noqa: S608 - text of a log line
    parsed = {
        "error_severity": "ERROR",
        "query": query,
        "user_name": person.email,
        "connection_from": f"{person.address}:5432",
        "detail": person.said(),
    }
    return f"ERROR: {query}", {"host": "db-abcdefghijklmnopqrst", "parsed": parsed}


def auth_logs(chance: random.Random, person: Person) -> Body:
    """A sign-in."""
    metadata = {
        "component": "api",
        "level": "info",
        "msg": f"request completed for {person.email}",
        "method": "POST",
        "path": "/token",
        "status": chance.choice((200, 400)),
        "duration": chance.randrange(10_000_000),
        "user_email": person.email,
        "phone": person.phone,
        "remote_addr": person.address,
        "request_id": new_id(chance),
    }
    return json.dumps(metadata), metadata


def auth_audit_logs(chance: random.Random, person: Person) -> Body:
    """What an account did."""
    event = {
        "action": "login",
        "actor_username": person.email,
        "actor_name": person.name,
        "traits": person.phone,
    }
    return json.dumps(event), {"auth_audit_event": event, "level": "info", "request_id": new_id(chance)}


def storage_logs(_: random.Random, person: Person) -> Body:
    """An upload."""
    request = {
        "remoteAddress": person.address,
        "headers": {"authorization": person.token},
        "url": person.said(),
    }
    return f"PUT | 200 | {person.email}.jpg", {"level": "info", "req": request, "res": {"statusCode": 200}}


def realtime_logs(_: random.Random, person: Person) -> Body:
    """A channel."""
    return person.said(), {"level": "info", "external_id": person.email, "vsn": "2.0.0"}


def postgrest_logs(_: random.Random, person: Person) -> Body:
    """A line of PostgREST."""
    return person.said(), {"host": person.address}


def supavisor_logs(_: random.Random, person: Person) -> Body:
    """A connection of the pooler."""
    return person.said(), {
        "level": "info",
        "peer_ip": person.address,
        "user": person.email,
        "mode": "session",
    }


def future_logs(_: random.Random, person: Person) -> Body:
    """A source that the receiver does not know."""
    return person.said(), {person.email: person.datum(), "level": "info", "nested": {"who": [person.name]}}


# Each source with its share of the drain.
SOURCES: dict[str, tuple[Callable[[random.Random, Person], Body], float]] = {
    "function_logs": (function_logs, 0.36),
    "function_edge_logs": (function_edge_logs, 0.24),
    "edge_logs": (edge_logs, 0.12),
    "postgres_logs": (postgres_logs, 0.08),
    "auth_logs": (auth_logs, 0.08),
    "auth_audit_logs": (auth_audit_logs, 0.02),
    "storage_logs": (storage_logs, 0.03),
    "realtime_logs": (realtime_logs, 0.02),
    "postgrest_logs": (postgrest_logs, 0.02),
    "supavisor_logs": (supavisor_logs, 0.02),
    "future_logs": (future_logs, 0.01),
}


def draw_source(chance: random.Random) -> str:
    """Return a source by its share."""
    return chance.choices(list(SOURCES), [share for _, share in SOURCES.values()])[0]


# The forms of a time that the drain and our own sender have; the last is the usual one.
TIMES: tuple[Callable[[int], Any], ...] = (
    lambda ms: (
        datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    ),
    lambda ms: ms,
    lambda ms: ms * 1_000_000,
    lambda ms: ms * 1000,
)


def draw_event(source: str, at_ms: int, chance: random.Random) -> dict[str, Any]:
    """Return one event of a source at a time in milliseconds since 1970."""
    text, metadata = SOURCES[source][0](chance, Person(chance))
    form = TIMES[-1] if chance.random() < 0.85 else chance.choice(TIMES)
    event = {"id": new_id(chance), "timestamp": form(at_ms), "event_message": text, "metadata": metadata}
    marked = chance.random()
    if marked < 0.2 and source in KEPT_SOURCES:
        event["source"] = source
    elif marked < 0.4:
        event["metadata"] = [metadata]
    return event
