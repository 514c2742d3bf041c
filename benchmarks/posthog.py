"""`python -m benchmarks.posthog`: what telling PostHog costs a request, and the end of the process.

Services take turns over the same stores, model and LLM. One of them sends its events to a PostHog that takes
them, others to one that refuses, stalls or is away; two send none. How far those two lie apart is the noise
of the run, and the goal of the others. Then each is started anew, answers a request, and is told to end.
"""

import argparse
import http.client
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median, quantiles

from benchmarks.emulated_stores import free_ports, wait_ready
from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.local_service import Backends, start_backends
from benchmarks.process_tree import on_cores, split_cores
from benchmarks.service_load import Client, both_photos
from local.demo.command import sign_in
from local.home import PYTHON, Home
from local.supervisor import processes
from local.supervisor.configuration import base_env
from services.core.analytics.sender import GATHER_S, TIMEOUT_S
from settings.environment import Environment, load_environment

TURNS, QUICK_TURNS, WARM_UP = 400, 30, 10
ENDS, QUICK_ENDS = 3, 1
OFF, STILL_OFF, ON, REFUSED, STALLED, AWAY = "off", "still_off", "on", "refused", "stalled", "away"
# By name, the options of the fake PostHog; None: nothing listens.
POSTHOGS: Mapping[str, Sequence[str] | None] = {
    ON: (),
    REFUSED: ("--refuse", "401"),
    STALLED: ("--stall",),
    AWAY: None,
}
NAMES = (OFF, STILL_OFF, *POSTHOGS)
KEY = "phc_bench"
MOST_END_S = 2.0
PERCENTILES = (50, 99)
DRAWS = 2000
Took = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Bench:
    """What the services need, and how each is told of its PostHog."""

    home: Home
    backends: Backends
    environment: Environment
    posthogs: Mapping[str, int]
    token: str
    photo: bytes

    def client(self, port: int) -> Client:
        """A client of the service on this port."""
        return Client(port, self.token, self.photo)

    def start(self, name: str) -> tuple[int, subprocess.Popen[bytes]]:
        """Start a service, and return its port and process once it answers."""
        (port,) = free_ports(1)
        spec = replace(self.backends.service_spec(self.environment), port=port)
        told = {}
        if name in self.posthogs:
            url = f"http://127.0.0.1:{self.posthogs[name]}"
            told = {"POSTHOG_CAPTURE_URL": url, "POSTHOG_PROJECT_KEY": KEY}
        given = {**base_env(), **spec.environment, **told}
        command = (str(PYTHON), "-m", "services.analyze", "--port", str(port))
        server_core, _ = split_cores()
        with on_cores(server_core):
            process = processes.start(self.home, name, command, given, self.home.log(name))
        wait_ready(self.home, name, f"http://127.0.0.1:{port}/healthz", process)
        return port, process

    def received(self) -> int:
        """How many events the PostHog has that takes them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.posthogs[ON], timeout=10)
        try:
            connection.request("GET", "/local/events")
            return len(json.loads(connection.getresponse().read())["events"])
        finally:
            connection.close()


def main() -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/posthog.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.posthog", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS, help="requests to each (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="a glance: few turns, nothing kept")
    options = parser.parse_args()
    if options.turns < 2:
        parser.error("--turns is at least 2")
    turns, ends = (QUICK_TURNS, QUICK_ENDS) if options.quick else (options.turns, ENDS)
    with tempfile.TemporaryDirectory(prefix="vitrine-posthog-") as folder, running(Path(folder)) as bench:
        took, events = _take_turns(bench, turns)
        ended_s = {name: [_end_s(bench, name) for _ in range(ends)] for name in NAMES}
    figures = [*compared(took), Figure("posthog_on_events_per_request", events, at_least=2.0)]
    figures += [Figure(f"posthog_{name}_end_s", max(ended_s[name]), at_most=MOST_END_S) for name in NAMES]
    if not options.quick:
        whole = {
            name: {f"p{at}": round(_percentile(each, at), 1) for at in PERCENTILES}
            for name, each in took.items()
        }
        keep(FIGURES / "posthog.json", figures, {"turns": turns, "whole_ms": whole, "end_s": ended_s})
    show(figures)


def compared(took: Took) -> list[Figure]:
    """Return how many times as long as `off` each takes, at the 50th and 99th percentile.

    The goal is the noise: what one draw of `off` against another exceeds in one of a hundred, or what its two
    services lie apart.
    """
    figures = []
    for at in PERCENTILES:
        off = [*took[OFF], *took[STILL_OFF]]
        apart = _percentile(took[STILL_OFF], at) / _percentile(took[OFF], at)
        noise = max(apart, 1 / apart, _noise(off, len(took[OFF]), at))
        figures.append(Figure(f"posthog_noise_p{at}", noise))
        for name in POSTHOGS:
            ratio = _percentile(took[name], at) / _percentile(off, at)
            figures.append(Figure(f"posthog_{name}_ratio_p{at}", ratio, at_most=noise))
    return figures


def _noise(off: Sequence[float], count: int, at: int) -> float:
    """Which ratio of `count` requests to all of `off` is exceeded in one of a hundred draws from `off`."""
    chance = random.Random(0)  # noqa: S311 - the same draws for the same figures
    whole = _percentile(off, at)
    ratios = [_percentile(chance.choices(off, k=count), at) / whole for _ in range(DRAWS)]
    return _percentile(ratios, 99)


def _percentile(values: Sequence[float], at: int) -> float:
    return median(values) if at == 50 else quantiles(values, n=100, method="inclusive")[at - 1]


@contextmanager
def running(folder: Path) -> Iterator[Bench]:
    """Run the PostHogs and what the services need until the block ends."""
    home = Home(folder)
    home.create()
    environment = load_environment("local").model_copy(update={"reuse_answers": False})
    _, other_cores = split_cores()
    try:
        with on_cores(other_cores):
            backends = start_backends(home, environment)
            posthogs = dict(_start_posthogs(home))
        token = sign_in(backends.issuer, "bench", "bench")
        yield Bench(home, backends, environment, posthogs, token, both_photos()["1280px"])
    finally:
        processes.stop(home)


def _start_posthogs(home: Home) -> Iterator[tuple[str, int]]:
    for (name, options), port in zip(POSTHOGS.items(), free_ports(len(POSTHOGS)), strict=True):
        if options is not None:
            command = (str(PYTHON), "-m", "local.fakes.posthog", "--port", str(port), "--project-key", KEY)
            log = f"posthog-{name}"
            process = processes.start(home, log, (*command, *options), base_env(), home.log(log))
            wait_ready(home, log, f"http://127.0.0.1:{port}/healthz", process)
        yield name, port


def _take_turns(bench: Bench, turns: int) -> tuple[dict[str, list[float]], float]:
    """Milliseconds of each request by service, and the events for each request of the one that sends them."""
    clients = {name: bench.client(bench.start(name)[0]) for name in NAMES}
    for client in clients.values():
        for _ in range(WARM_UP):
            client.post()
    took: dict[str, list[float]] = {name: [] for name in NAMES}
    for turn in range(turns):
        say(f"turn {turn + 1} of {turns}", again=turn + 1 < turns)
        # Each is the first one as often as the others.
        first = turn % len(NAMES)
        for name in NAMES[first:] + NAMES[:first]:
            took[name].append(clients[name].post().whole_ms)
    # The last ones are still gathered.
    time.sleep(GATHER_S + TIMEOUT_S)
    return took, bench.received() / (turns + WARM_UP)


def _end_s(bench: Bench, name: str) -> float:
    """Seconds from SIGTERM to the end of a service that has just answered: its events are not sent yet."""
    say(f"the end of {name}")
    port, process = bench.start(name)
    bench.client(port).post()
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    return time.perf_counter() - began


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
