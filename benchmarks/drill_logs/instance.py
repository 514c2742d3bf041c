"""`python -m benchmarks.drill_logs.instance receiver|writer`: one instance of a function, as Lambda runs it.

It works on one event at a time. Its journal keeps what it received, so that what a kill cut off is known, and
its most memory so far.
"""

import argparse
import base64
import os
import random
import resource
import sys
import time
import uuid
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3

from benchmarks.drill.event_sources import Faults, QueueSource
from benchmarks.drill.fakes import Journal
from services.core.aws import CALL_ERRORS

PATH = "/hooks/logs"
MESSAGES, MEMORY = "messages.jsonl", "memory.jsonl"
# The folder of what each process leaves, by its id, once it has handled an event.
WORKED = "worked"
# Of the writer: messages in an event, seconds of a run, and between its attempts.
BATCH, TIMEOUT_S, PAUSES_S = 5, 60.0, (1, 2, 4, 6)
# The share of messages that another writer may receive at once, and the most seconds by which it is ahead.
AT_ONCE, AHEAD_S = 0.05, 0.2
# API Gateway passes on these as text, unless they are encoded.
TEXTS = ("text/", "application/json", "application/x-ndjson")


def peak_mb() -> float:
    """Return the most resident memory of this process so far, in MB of 1,000,000 bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss, which begins with that of the process that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


class Context:
    """Lambda's context of one run."""

    def __init__(self) -> None:
        self._until = time.monotonic() + TIMEOUT_S

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda stops the function."""
        return max(0, int((self._until - time.monotonic()) * 1000))


def gateway_event(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """Return the HTTP API's event (payload 2.0) of a request."""
    text = headers.get("content-type", "").startswith(TEXTS) and "content-encoding" not in headers
    if text:
        try:
            given = body.decode()
        except UnicodeDecodeError:
            text = False
    if not text:
        given = base64.b64encode(body).decode()
    http = {"method": "POST", "path": PATH, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""}
    return {
        "version": "2.0",
        "routeKey": f"POST {PATH}",
        "rawPath": PATH,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"requestId": uuid.uuid4().hex, "http": http, "stage": "$default"},
        "body": given,
        "isBase64Encoded": not text,
    }


class Work:
    """Tells of this process what it has done: that it has handled an event, and the most memory it took."""

    def __init__(self, role: str, folder: Path) -> None:
        self._role = role
        self._memory = Journal(folder / MEMORY)
        self._mark = folder / WORKED / str(os.getpid())

    def note(self) -> None:
        """Tell that an event is handled."""
        self._memory.note(role=self._role, mb=peak_mb())
        self._mark.touch()


def has_handled_event(folder: Path, pid: int) -> bool:
    """Return whether the instance with this process id has handled an event."""
    return (folder / WORKED / str(pid)).exists()


def serve_receiver(port: int, work: Work) -> None:
    """Answer requests of the gateway one by one."""
    from services.logs import receiver

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, {}, "ready")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.handle(gateway_event(headers, body), Context())
            work.note()
            self._answer(answer["statusCode"], answer["headers"], answer["body"])

        def _answer(self, status: int, headers: dict[str, str], body: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            content = body.encode()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


def run_writer(folder: Path, seed: str, work: Work) -> None:
    """Work on messages, which arrive late, twice, at another writer too, and after they were handled."""
    from services.logs import writer

    writer.PAUSES_S = PAUSES_S
    journal, sqs, url = Journal(folder / MESSAGES), boto3.client("sqs"), os.environ["LOGS_QUEUE_URL"]
    chance = random.Random(f"{seed} at once")  # noqa: S311 - a drill's faults

    def handle(event: dict[str, Any], _: object) -> dict[str, Any]:
        for record in event["Records"]:
            journal.note(received=record["messageId"], body=record["body"])
            if chance.random() < AT_ONCE:
                journal.note(shared=record["messageId"])
                with suppress(*CALL_ERRORS):
                    sqs.change_message_visibility(
                        QueueUrl=url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
                    )
                time.sleep(chance.uniform(0, AHEAD_S))
        answer = writer.handle(event, Context())
        for record in event["Records"]:
            journal.note(handled=record["messageId"])
        work.note()
        return answer

    faults = Faults(random.Random(seed))  # noqa: S311 - a drill's faults
    QueueSource(url, handle, faults, batch=BATCH).run()


def main() -> None:
    """Work until killed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill_logs.instance", description=__doc__)
    parser.add_argument("role", choices=("receiver", "writer"))
    parser.add_argument("--port", type=int)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", required=True)
    options = parser.parse_args()
    work = Work(options.role, options.folder)
    if options.role == "receiver":
        serve_receiver(options.port, work)
    else:
        run_writer(options.folder, options.seed, work)


if __name__ == "__main__":
    main()
