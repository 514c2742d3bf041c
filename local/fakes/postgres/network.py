"""What pg_net and pg_cron do in a Supabase project: send what was queued, run the jobs that are due."""

import threading
from typing import LiteralString, cast

import httpx2
import psycopg

_TAKE = """
    delete from net.http_request_queue where id in (
        select id from net.http_request_queue order by id limit 50 for update skip locked
    ) returning id, url, headers, body, timeout_milliseconds
"""
_KEEP = """
    insert into net._http_response (id, status_code, content, timed_out, error_msg)
    values (%s, %s, %s, %s, %s)
"""
_EACH_MINUTE = "* * * * *"
_IDLE_S = 1.0


def send_queued(connection: psycopg.Connection, client: httpx2.Client) -> int:
    """Send what is queued, each request once and whatever comes of it, and return how many there were.

    As with pg_net, a request that was taken up is never sent again; its answer is in net._http_response.
    """
    rows = connection.execute(_TAKE).fetchall()
    for id_, url, headers, body, timeout_ms in rows:
        status, content, late, problem = None, None, False, None
        try:
            answer = client.post(url, headers=headers, content=bytes(body), timeout=timeout_ms / 1000)
            status, content = answer.status_code, answer.text
        except httpx2.TimeoutException:
            late, problem = True, "Timeout was reached"
        except httpx2.HTTPError as error:
            problem = type(error).__name__
        connection.execute(_KEEP, (id_, status, content, late, problem))
    return len(rows)


def run_each_minute(connection: psycopg.Connection) -> None:
    """Run the jobs that are due every minute; the others are of no use to a system that forgets."""
    rows = connection.execute("select command from cron.job where schedule = %s", (_EACH_MINUTE,)).fetchall()
    for (command,) in rows:
        connection.execute(cast("LiteralString", command))


def deliver_until(stop: threading.Event, connection: psycopg.Connection) -> None:
    """Send requests as they are committed, until `stop` is set."""
    connection.execute("listen vitrine_net")
    # trust_env off: a proxy in the caller's shell must not stand between us and loopback.
    with httpx2.Client(trust_env=False) as client:
        while not stop.is_set():
            while send_queued(connection, client):
                pass
            for _ in connection.notifies(timeout=_IDLE_S, stop_after=1):
                pass


def schedule_until(stop: threading.Event, connection: psycopg.Connection) -> None:
    """Run the jobs once a minute, until `stop` is set."""
    while not stop.wait(60):
        run_each_minute(connection)
