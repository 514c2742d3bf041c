"""`python -m benchmarks.batching`: what batching across requests costs one caller and gains for several.

Three servers with the demo model take turns in one run: batching off, on, and on with a wait for further
requests. Each serves one caller, then eight at once that send their next request as soon as they have an
answer. Each request is one photo with the service's questions. Rates and latencies are medians of the rounds.
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.model.server import serving
from model_artifacts.blip2_demo.drawing.drawing import draw
from model_artifacts.blip2_demo.training.evaluate import request

if TYPE_CHECKING:
    import httpx2

CALLERS = 8
EACH = 3
ALONE = 8
WAIT_MS = 50
SERVERS = {
    "off": (),
    "on": ("--batch-up-to", str(CALLERS)),
    "waiting": ("--batch-up-to", str(CALLERS), "--batch-wait-ms", str(WAIT_MS)),
}
SAME = 1e-3
"""Probabilities that differ by less are the same: the same numbers summed in another order."""


@dataclass
class Measured:
    """One server's latencies in milliseconds, its rates in requests per second, and its answers."""

    alone_ms: list[float] = field(default_factory=list)
    crowd_ms: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """Medians, and the 95th percentile of the crowd's latencies."""
        return {
            "alone_ms_p50": round(median(self.alone_ms), 1),
            "crowd_ms_p50": round(median(self.crowd_ms), 1),
            "crowd_ms_p95": round(quantiles(self.crowd_ms, n=20, method="inclusive")[18], 1),
            "requests_per_s": round(median(self.rates), 2),
        }


def posted(client: httpx2.Client, body: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Return milliseconds and the answer; raise SystemExit unless the status is 200."""
    start = time.perf_counter()
    answer = client.post("/invocations", json=body)
    took = (time.perf_counter() - start) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"the server answered {answer.status_code}: {answer.text[:200]}")
    return took, answer.json()


def alone(
    clients: dict[str, httpx2.Client], bodies: list[dict[str, Any]], measured: dict[str, Measured]
) -> None:
    """Send each request of one caller to all servers in turn."""
    for body in bodies:
        for name, client in clients.items():
            measured[name].alone_ms.append(posted(client, body)[0])


def crowd(client: httpx2.Client, bodies: list[dict[str, Any]], measured: Measured) -> None:
    """Send all requests from `CALLERS` threads and wait for every answer."""
    start = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as callers:
        found = list(callers.map(lambda body: posted(client, body), bodies))
    measured.rates.append(len(bodies) / (time.perf_counter() - start))
    measured.crowd_ms += [took for took, _ in found]
    measured.answers = [answer for _, answer in found]


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal, apart from rounding."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return abs(one - other) < SAME if isinstance(one, float) else bool(one == other)


def figures_of(measured: dict[str, Measured]) -> list[Figure]:
    """Compare each way of batching with no batching."""
    off = measured["off"].summary()
    figures = [Figure("batching_off_alone_ms", off["alone_ms_p50"])]
    for name in ("on", "waiting"):
        on = measured[name].summary()
        alike = [same(*pair) for pair in zip(measured["off"].answers, measured[name].answers, strict=True)]
        figures += [
            Figure(
                f"batching_{name}_rate_over_off", on["requests_per_s"] / off["requests_per_s"], at_least=1
            ),
            Figure(f"batching_{name}_crowd_p50_over_off", on["crowd_ms_p50"] / off["crowd_ms_p50"]),
            Figure(f"batching_{name}_crowd_p95_over_off", on["crowd_ms_p95"] / off["crowd_ms_p95"]),
            Figure(f"batching_{name}_alone_ms_more_than_off", on["alone_ms_p50"] - off["alone_ms_p50"]),
            Figure(f"batching_{name}_same_answers_percent", 100 * sum(alike) / len(alike), at_least=100),
        ]
    return figures


def main() -> None:
    """Run, print one line per figure, and keep the run in docs/figures/batching.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batching", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}; it is at least 1")
    bodies = [request([draw(seed, (480, 360)).image]) for seed in range(CALLERS * EACH)]
    measured = {name: Measured() for name in SERVERS}
    with ExitStack() as running:
        clients = {name: running.enter_context(serving(*flags)) for name, flags in SERVERS.items()}
        for client in clients.values():
            crowd(client, bodies[:CALLERS], Measured())  # warms up
        for number in range(options.rounds):
            alone(clients, bodies[:ALONE], measured)
            for name, client in clients.items():
                crowd(client, bodies, measured[name])
                say(f"round {number + 1}, {name}: {measured[name].summary()}")
    figures = figures_of(measured)
    detail: dict[str, Any] = {"callers": CALLERS, "rounds": options.rounds, "wait_ms": WAIT_MS}
    keep(
        FIGURES / "batching.json",
        figures,
        {**detail, **{name: one.summary() for name, one in measured.items()}},
    )
    show(figures)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
