"""`python -m benchmarks.observing`: what trace, log lines and metrics cost a request.

Three services take turns over the same stores, model and LLM: one observed, one observed whose log driver
cannot send on, and one that is not observed. Each request of a turn is compared with those of the same turn.
"""

import argparse
import http.client
import json
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles

from benchmarks.emulated_stores import free_ports, wait_ready
from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.local_service import Backends, Service, start_backends
from benchmarks.process_tree import on_cores, split_cores
from benchmarks.service_load import Client, both_photos
from local.demo.command import sign_in
from local.home import PYTHON, Home
from local.supervisor import processes
from local.supervisor.configuration import base_env
from settings.environment import Environment, load_environment

TURNS, QUICK_TURNS, WARM_UP = 400, 40, 10
OFF, ON, STOPPED, UNREAD = "off", "on", "stopped", "unread"
MOST_P50_PERCENT, MOST_P99_PERCENT = 3.0, 5.0
# A service that has not answered by then waits for the reader of its log.
STALLED_S, MOST_UNREAD = 5.0, 1000
_SHARED = "services.analyze"
_MODULES = {OFF: "benchmarks.unobserved_service", ON: _SHARED, STOPPED: _SHARED, UNREAD: _SHARED}


def main() -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/observing.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.observing", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS, help="requests to each (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="a glance: few turns, nothing kept")
    options = parser.parse_args()
    if options.turns < 2:
        parser.error("--turns is at least 2")
    turns = QUICK_TURNS if options.quick else options.turns
    with tempfile.TemporaryDirectory(prefix="vitrine-observing-") as folder, running(Path(folder)) as started:
        services, token = started
        took = _take_turns(services, token, turns)
        unread = _unread(services[UNREAD].port, token)
        lines = (Path(folder) / "logs" / "on.lines").read_text("utf-8").splitlines()
    figures = [*compared(took), Figure("observing_lines_per_request", len(lines) / (turns + WARM_UP))]
    # What a plain pipe does; the non-blocking driver of the task reads in any case.
    figures.append(Figure("observing_requests_until_an_unread_pipe_stalls", unread))
    if not options.quick:
        kept = {"turns": turns, "whole_ms": {name: _rounded(each) for name, each in took.items()}}
        keep(FIGURES / "observing.json", figures, kept)
    show(figures)


def compared(took: Mapping[str, list[float]]) -> list[Figure]:
    """Return by how many percent the observed services are slower, at the 50th and 99th percentile."""
    p50, p99 = _percentiles(took[OFF])
    figures = []
    for name in (ON, STOPPED):
        on50, on99 = _percentiles(took[name])
        figures += [
            Figure(f"observing_{name}_percent_p50", 100 * (on50 / p50 - 1), at_most=MOST_P50_PERCENT),
            Figure(f"observing_{name}_percent_p99", 100 * (on99 / p99 - 1), at_most=MOST_P99_PERCENT),
        ]
    return figures


def _percentiles(values: list[float]) -> tuple[float, float]:
    return median(values), quantiles(values, n=100, method="inclusive")[98]


def _rounded(values: list[float]) -> dict[str, float]:
    p50, p99 = _percentiles(values)
    return {"p50": round(p50, 1), "p99": round(p99, 1)}


@contextmanager
def running(folder: Path) -> Iterator[tuple[Mapping[str, Service], str]]:
    """Run the services and what they need until the block ends; yields the services and a user's token."""
    home = Home(folder)
    home.create()
    environment = load_environment("local").model_copy(update={"reuse_answers": False})
    server_core, other_cores = split_cores()
    try:
        with on_cores(other_cores):
            backends = start_backends(home, environment)
        with on_cores(server_core):
            services = dict(_start_all(home, backends, environment))
        yield services, sign_in(backends.issuer, "bench", "bench")
    finally:
        processes.stop(home)


def _start_all(home: Home, backends: Backends, environment: Environment) -> Iterator[tuple[str, Service]]:
    for (name, module), port in zip(_MODULES.items(), free_ports(len(_MODULES)), strict=True):
        spec = replace(backends.service_spec(environment), port=port)
        reader = ["sleep", "86400"]
        if name != UNREAD:
            lines = home.log(name).with_suffix(".lines")
            stopped = ["--stopped"] if name == STOPPED else []
            reader = [str(PYTHON), "-m", "benchmarks.log_driver", str(lines), *stopped]
        command = [str(PYTHON), "-m", module, "--port", str(port)]
        pipe = f"{shlex.join(command)} | {shlex.join(reader)}"
        given = {**base_env(), **spec.environment}
        process = processes.start(home, name, ("/bin/sh", "-c", pipe), given, home.log(name))
        wait_ready(home, name, f"http://127.0.0.1:{port}/healthz", process)
        yield name, Service(name, port, process.pid)


def _take_turns(services: Mapping[str, Service], token: str, turns: int) -> dict[str, list[float]]:
    photo = both_photos()["1280px"]
    names = [OFF, ON, STOPPED]
    clients = {name: Client(services[name].port, token, photo) for name in names}
    for client in clients.values():
        for _ in range(WARM_UP):
            client.post()
    took: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(turns):
        say(f"turn {turn + 1} of {turns}", again=turn + 1 < turns)
        # Each is the first one as often as the others.
        for name in names[turn % 3 :] + names[: turn % 3]:
            took[name].append(clients[name].post().whole_ms)
    return took


def _unread(port: int, token: str) -> int:
    """How many requests a service answers before it waits for a pipe that no process reads."""
    for count in range(MOST_UNREAD):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STALLED_S)
        try:
            connection.request("GET", "/reports?limit=1", headers={"Authorization": f"Bearer {token}"})
            json.loads(connection.getresponse().read())
        except TimeoutError:
            return count
        finally:
            connection.close()
    return MOST_UNREAD


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
