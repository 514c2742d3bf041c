"""`python -m benchmarks.drill_logs.cloudwatch`: CloudWatch Logs with every documented limit of PutLogEvents.

No emulator holds these limits. Calls are throttled at random, and some answers are lost after the events were
written. The journal keeps what was written, and each put that breaks a limit.
"""

import argparse
import json
import random
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.drill.fakes import Journal

JOURNAL = "cloudwatch.jsonl"
# By the API reference of PutLogEvents. A batch's bytes are its messages in UTF-8 and 26 for each event.
MOST_BYTES, BYTES_BESIDE_MESSAGE, MOST_EVENTS = 1_048_576, 26, 10_000
MOST_EVENT_BYTES = 1_048_576
DAY_MS = 24 * 60 * 60 * 1000
LONGEST_SPAN_MS, OLDEST_MS, NEWEST_MS = DAY_MS, 14 * DAY_MS, DAY_MS // 12
GROUP_NAME, STREAM_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}"), re.compile(r"[^:*]{1,512}")
# The shares of calls that are throttled, and of stored puts whose answer is lost, or is an error 503.
THROTTLED, ANSWERS_LOST, ANSWERS_FAILED = 0.3, 0.005, 0.005
INVALID = "InvalidParameterException"


class Refused(Exception):
    """A call that CloudWatch Logs refuses, with the error's code."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Logs:
    """The streams of log groups, which are given with their retention in days."""

    def __init__(
        self, groups: dict[str, int], journal: Journal, clock: Callable[[], float] = time.time
    ) -> None:
        self._groups = groups
        self._streams: set[tuple[str, str]] = set()
        self._journal = journal
        self._clock = clock

    def call(self, operation: str, request: dict[str, Any], throttled: bool = False) -> dict[str, Any]:
        """Answer one call; raises Refused. An illegal put is noted also if it is throttled."""
        try:
            if operation == "CreateLogStream":
                return self._create(request, throttled)
            if operation == "PutLogEvents":
                return self._put(request, throttled)
            raise Refused("UnknownOperationException", operation)
        except Refused as refused:
            self._journal.note(refused=refused.code, reason=str(refused))
            raise

    def _create(self, request: dict[str, Any], throttled: bool) -> dict[str, Any]:
        stream = self._stream(request)
        _throttle(throttled)
        if stream in self._streams:
            raise Refused("ResourceAlreadyExistsException", "The log stream already exists")
        self._streams.add(stream)
        return {}

    def _put(self, request: dict[str, Any], throttled: bool) -> dict[str, Any]:
        stream, events = self._stream(request), _events(request)
        times, now_ms = [event["timestamp"] for event in events], int(self._clock() * 1000)
        too_old = bisect_left(times, now_ms - OLDEST_MS)
        expired = bisect_left(times, now_ms - self._groups[stream[0]] * DAY_MS)
        too_new = bisect_right(times, now_ms + NEWEST_MS)
        valid = events[max(too_old, expired) : too_new]
        if valid and valid[-1]["timestamp"] - valid[0]["timestamp"] > LONGEST_SPAN_MS:
            raise Refused(INVALID, "the valid events of a batch span more than 24 hours")
        _throttle(throttled)
        if stream not in self._streams:
            raise Refused("ResourceNotFoundException", "The log stream does not exist")
        rejected = {
            **({"tooOldLogEventEndIndex": too_old} if too_old else {}),
            **({"expiredLogEventEndIndex": expired} if expired > too_old else {}),
            **({"tooNewLogEventStartIndex": too_new} if too_new < len(events) else {}),
        }
        written = [[event["timestamp"], event["message"]] for event in valid]
        self._journal.note(written=written, rejected=len(events) - len(valid))
        return {"rejectedLogEventsInfo": rejected} if rejected else {}

    def _stream(self, request: dict[str, Any]) -> tuple[str, str]:
        group, stream = request.get("logGroupName"), request.get("logStreamName")
        for name, form in ((group, GROUP_NAME), (stream, STREAM_NAME)):
            if not isinstance(name, str) or not form.fullmatch(name):
                raise Refused(INVALID, "a name of group or stream is not allowed")
        if group not in self._groups:
            raise Refused("ResourceNotFoundException", "The log group does not exist")
        return str(group), str(stream)


def _throttle(throttled: bool) -> None:
    if throttled:
        raise Refused("ThrottlingException", "Rate exceeded")


def _events(request: dict[str, Any]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = request.get("logEvents") or []
    if not 1 <= len(events) <= MOST_EVENTS:
        raise Refused(INVALID, f"a batch has 1 to {MOST_EVENTS} events, not {len(events)}")
    total = 0
    for event in events:
        timestamp, message = event.get("timestamp"), event.get("message")
        if type(timestamp) is not int or timestamp < 0 or not isinstance(message, str) or not message:
            raise Refused(INVALID, "an event has a timestamp in milliseconds and a message")
        length = len(message.encode("utf-8", "surrogatepass"))
        if length > MOST_EVENT_BYTES:
            raise Refused(INVALID, f"an event has {length} bytes, over {MOST_EVENT_BYTES}")
        total += length + BYTES_BESIDE_MESSAGE
    if total > MOST_BYTES:
        raise Refused(INVALID, f"a batch has {total} bytes, over {MOST_BYTES}")
    if any(one["timestamp"] > other["timestamp"] for one, other in pairwise(events)):
        raise Refused(INVALID, "the events of a batch are not in chronological order")
    return events


def handler(logs: Logs, chance: random.Random) -> type[BaseHTTPRequestHandler]:
    """Return the HTTP side: AWS's JSON protocol, with throttled calls and lost answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One packet for head and body: two wait 40 ms for each other.
        wbufsize = -1

        def do_GET(self) -> None:
            self._answer(200, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers.get("X-Amz-Target", "").removeprefix("Logs_20140328.")
            try:
                answer = logs.call(operation, json.loads(body), chance.random() < THROTTLED)
            except Refused as refused:
                self._answer(400, {"__type": refused.code, "message": str(refused)})
                return
            if operation == "PutLogEvents" and chance.random() < ANSWERS_LOST:
                self.close_connection = True
                return
            if operation == "PutLogEvents" and chance.random() < ANSWERS_FAILED:
                self._answer(503, {"__type": "ServiceUnavailableException", "message": "stored all the same"})
                return
            self._answer(200, answer)

        def _answer(self, status: int, answer: dict[str, Any]) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler


def main() -> None:
    """Serve one log group."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill_logs.cloudwatch", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--retention-days", type=int, required=True)
    parser.add_argument("--seed", required=True)
    options = parser.parse_args()
    logs = Logs({options.group: options.retention_days}, Journal(options.folder / JOURNAL))
    chance = random.Random(options.seed)  # noqa: S311 - a drill's faults
    server = ThreadingHTTPServer(("127.0.0.1", options.port), handler(logs, chance))
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
