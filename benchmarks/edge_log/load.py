"""Loads the functions: one event after another to each in turn, or as many as one answers."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread

import psutil
from standardwebhooks import Webhook

from benchmarks.edge_log.functions import NAMES, SECRET, Function
from benchmarks.figures import say
from benchmarks.process_tree import ProcessTree

# So many are compiled code for all alike; then what they sent has been taken or given up.
WARM_UP, SETTLE_S = 200, 2.5
# 10 lines a second are what Supabase's own log takes of a function.
TURN_S = 0.1
BURST = 2000
_SAMPLE_EVERY_S = 0.02


class Client:
    """Delivers signed events over one connection."""

    def __init__(self, function: Function) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=30)
        self._webhook = Webhook(SECRET)
        owner, report = "6f0b1e52-5c0e-4c57-9d6c-2b1f6b1f0a01", {"id": "01JDJ5V8T0000000000000000A"}
        event = {"type": "report.succeeded", "data": {"owner": owner, "analysis": None, "report": report}}
        self._body = json.dumps({**event, "timestamp": "2026-11-27T10:00:00Z"})

    def deliver(self) -> float:
        """Deliver an event; return the milliseconds until its answer was read."""
        now = datetime.now(UTC)
        headers = {
            "webhook-id": "msg_bench",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign("msg_bench", now, self._body),
        }
        start = time.perf_counter()
        self._connection.request("POST", "/report-ready", self._body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took = (time.perf_counter() - start) * 1000
        if answer.status != 200:
            raise SystemExit(f"port {self._connection.port} answered {answer.status}: {content[:300]!r}")
        return took


@dataclass
class Burst:
    """A function that answers as fast as it can, in milliseconds; its peaks of memory and connections.

    Memory is in MB; the connections are those to the receiver.
    """

    took_ms: list[float] = field(default_factory=list)
    process_mb: float = 0.0
    connections: int = 0


def take_turns(
    functions: Mapping[str, Function], clients: Mapping[str, Client], turns: int
) -> tuple[Mapping[str, list[float]], Mapping[str, float]]:
    """Return the milliseconds of each function's answers, and of its processor for each."""
    took: dict[str, list[float]] = {name: [] for name in NAMES}
    for client in clients.values():
        for _ in range(WARM_UP):
            client.deliver()
    time.sleep(SETTLE_S)
    trees = {name: ProcessTree(function.pid) for name, function in functions.items()}
    before = {name: tree.cpu_s() for name, tree in trees.items()}
    slot = time.monotonic()
    for turn in range(turns):
        say(f"turn {turn + 1} of {turns}", again=turn + 1 < turns)
        # Each is the first one as often as the others, and begins when what came after an answer has ended.
        first = turn % len(NAMES)
        for name in NAMES[first:] + NAMES[:first]:
            took[name].append(clients[name].deliver())
            slot += TURN_S / len(NAMES)
            time.sleep(max(0.0, slot - time.monotonic()))
    return took, {name: 1000 * (tree.cpu_s() - before[name]) / turns for name, tree in trees.items()}


def burst(function: Function, client: Client) -> Burst:
    """Deliver BURST events to one function."""
    say(f"{BURST} requests at once to port {function.port}")
    with _watched(function) as seen, ProcessTree(function.pid).peak_memory() as peak:
        seen.took_ms += (client.deliver() for _ in range(BURST))
    seen.process_mb = peak.process_mb
    return seen


@contextmanager
def _watched(function: Function) -> Iterator[Burst]:
    """Count the function's connections to its receiver until the block ends."""
    process, seen, done = psutil.Process(function.pid), Burst(), Event()

    def watch() -> None:
        while not done.wait(_SAMPLE_EVERY_S):
            found = (each.raddr for each in process.net_connections("tcp") if each.raddr)
            seen.connections = max(seen.connections, sum(at.port == function.receiver for at in found))

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
