"""`python -m benchmarks`: our service beside plain ones, with the same photos, model and number of processes.

The overhead of one request is what it takes beyond the fake model and LLM; that of ours is compared with a
service that has the same stores and LLM, and decodes photos in full. Throughput, CPU and memory are compared
with services that have no stores, no sign-in and no LLM.
"""

import argparse
import os
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.decoding import decoding_figures
from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.local_service import Bench, running_bench
from benchmarks.service_load import Client, Timed, both_photos
from benchmarks.side_by_side import (
    CONCURRENCIES,
    Results,
    best_peer,
    detail,
    mean_of,
    percentile_95,
    side_by_side,
    spent_in_fakes,
    table,
)

WARM_UP = 5
PASSES = 2
# Our requests per second over the best peer's, by photo and requests at once.
GOALS = {("12mp", number): 1.0 for number in CONCURRENCIES} | {("1280px", 8): 0.9, ("1280px", 16): 0.9}


def main() -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/bench.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--requests", type=int, default=40, help="one by one to each service, in turn (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=4.0, help="of load for each measurement (default: %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="a glance: one short pass, nothing kept")
    options = parser.parse_args()
    if options.requests < 2 or options.seconds <= 0:
        parser.error("--requests is at least 2, --seconds is over 0")
    requests, seconds, passes = options.requests, options.seconds, PASSES
    if options.quick:
        requests, seconds, passes = 10, 1.5, 1
    say("drawing the photos")
    photos = both_photos()
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        say("starting the services and their dependencies")
        with running_bench(Path(folder)) as bench:
            for name, problem in bench.missing.items():
                say(f"{name} cannot be installed here and is left out: {problem}")
            one_by_one = _take_turns(bench, photos["12mp"], requests)
            results = side_by_side(bench, photos, seconds, passes)
    for line in table(results):
        say(line)
    figures = [*_overhead(one_by_one), *_comparison(results), *decoding_figures(photos["12mp"])]
    if not options.quick:
        kept = {
            "photo_bytes": {name: len(photo) for name, photo in photos.items()},
            "requests": requests,
            "missing": dict(bench.missing),
            "one_by_one": one_by_one,
            "side_by_side": detail(results),
        }
        keep(FIGURES / "bench.json", figures, kept)
    show(figures)


def _overhead(one_by_one: dict[str, dict[str, Any]]) -> list[Figure]:
    ours, plain = (one_by_one[name]["overhead_ms"] for name in ("ours", "plain"))
    return [
        Figure("overhead_ratio_p50", plain["p50"] / ours["p50"], at_least=3.0),
        Figure("overhead_ratio_p95", plain["p95"] / ours["p95"]),
        Figure("overhead_ms_p50", ours["p50"]),
    ]


def _comparison(results: Results) -> list[Figure]:
    figures = []
    for case, services in results.items():
        name = f"{case[0]}_{case[1]}_at_once"
        rates = {service: mean_of(measured, "per_second") for service, measured in services.items()}
        best = rates[best_peer(services)]
        figures.append(Figure(f"rate_over_best_peer_{name}", rates["ours"] / best, at_least=GOALS.get(case)))
        # Steadier than rates on a machine that does other work: the least CPU of a peer over ours.
        cpu = {service: mean_of(measured, "cpu_ms") for service, measured in services.items()}
        least = min(ms for service, ms in cpu.items() if service != "ours")
        figures.append(Figure(f"cpu_ms_{name}", cpu["ours"]))
        figures.append(Figure(f"least_peer_cpu_over_ours_{name}", least / cpu["ours"]))
    ours = [each for services in results.values() for each in services["ours"]]
    figures.append(Figure("peak_process_mb", max(each.process_mb for each in ours), at_most=250))
    figures.append(Figure("peak_tree_mb", max(each.tree_mb for each in ours)))
    return figures


def _take_turns(bench: Bench, photo: bytes, requests: int) -> dict[str, dict[str, Any]]:
    token = bench.token("bench")
    clients = {name: Client(bench.services[name].port, token, photo) for name in ("ours", "plain")}
    say("warming up")
    for client in clients.values():
        for _ in range(WARM_UP):
            client.post()
    spent_in_fakes(bench)
    requested: dict[str, list[Timed]] = {name: [] for name in clients}
    overheads: dict[str, list[float]] = {name: [] for name in clients}
    for number in range(1, requests + 1):
        say(f"one by one, {number} of {requests}", again=number < requests)
        for name, client in clients.items():
            timed = client.post()
            requested[name].append(timed)
            overheads[name].append(timed.whole_ms - spent_in_fakes(bench)[0])
    return {
        name: {
            "overhead_ms": _percentiles(overheads[name]),
            "whole_ms": _percentiles([timed.whole_ms for timed in requested[name]]),
            "stages_ms_p50": {
                stage: round(median(timed.stages_ms[stage] for timed in requested[name]), 1)
                for stage in requested[name][0].stages_ms
            },
        }
        for name in clients
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    return {"p50": round(median(values), 1), "p95": round(percentile_95(values), 1)}


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
