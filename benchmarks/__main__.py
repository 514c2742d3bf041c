"""`python -m benchmarks`: compares our service with a plain one, both given the same 12-megapixel photo."""

import argparse
import os
import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.local_service import ServicePair, service_pair
from benchmarks.service_load import Client, Timed, peak_memory, throughput, time_in_fakes, twelve_megapixels

WARM_UP = 5
AT_ONCE = 16
EACH = 3
# The services take turns, so that other load on the machine affects both alike.
ROUNDS = 3


def main() -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/bench.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--requests", type=int, default=40, help="to each service, in turn (default: %(default)s)"
    )
    options = parser.parse_args()
    if options.requests < 2:
        parser.error(f"--requests is {options.requests}; it is at least 2")
    say("drawing the photo")
    photo = twelve_megapixels()
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        say(f"{len(photo) / 1e6:.1f} MB; starting both services and their dependencies")
        with service_pair(Path(folder)) as services:
            figures, detail = _measure(services, photo, options.requests)
    keep(FIGURES / "bench.json", figures, {"photo_bytes": len(photo), **detail})
    show(figures)


def _measure(services: ServicePair, photo: bytes, requests: int) -> tuple[list[Figure], dict[str, Any]]:
    one_by_one = _take_turns(services, photo, requests)
    tokens = [services.token(f"seller{number}") for number in range(AT_ONCE)]
    crowds = {
        service.name: [Client(service.port, token, photo) for token in tokens]
        for service in (services.ours, services.plain)
    }
    rates: dict[str, list[float]] = {name: [] for name in crowds}
    with peak_memory(services.ours.pid) as ours_peak, peak_memory(services.plain.pid) as plain_peak:
        for number in range(1, ROUNDS + 1):
            say(f"{AT_ONCE} at once, round {number} of {ROUNDS}")
            for name in ("ours", "plain"):
                rates[name].append(throughput(crowds[name], EACH))
    ours, plain = one_by_one["ours"], one_by_one["plain"]
    per_second = {name: median(values) for name, values in rates.items()}
    figures = [
        Figure("overhead_ratio_p50", plain["overhead_ms"]["p50"] / ours["overhead_ms"]["p50"], at_least=3.0),
        Figure("overhead_ratio_p95", plain["overhead_ms"]["p95"] / ours["overhead_ms"]["p95"]),
        Figure("overhead_ms_p50", ours["overhead_ms"]["p50"]),
        Figure("peak_rss_mb_16_at_once", ours_peak.mb, at_most=250),
        Figure("throughput_ratio_16_at_once", per_second["ours"] / per_second["plain"]),
    ]
    crowd = {
        name: {"requests_per_s": round(per_second[name], 2), "peak_rss_mb": round(peak.mb, 1)}
        for name, peak in (("ours", ours_peak), ("plain", plain_peak))
    }
    return figures, {"requests": requests, "one_by_one": one_by_one, f"{AT_ONCE}_at_once": crowd}


def _take_turns(services: ServicePair, photo: bytes, requests: int) -> dict[str, dict[str, Any]]:
    token = services.token("bench")
    clients = {
        service.name: Client(service.port, token, photo) for service in (services.ours, services.plain)
    }
    say("warming up")
    for client in clients.values():
        for _ in range(WARM_UP):
            client.post()
    time_in_fakes(services.fakes_port)
    requested: dict[str, list[Timed]] = {name: [] for name in clients}
    overheads: dict[str, list[float]] = {name: [] for name in clients}
    for number in range(1, requests + 1):
        say(f"one by one, {number} of {requests}", again=number < requests)
        for name, client in clients.items():
            timed = client.post()
            requested[name].append(timed)
            overheads[name].append(timed.whole_ms - time_in_fakes(services.fakes_port))
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
    cuts = quantiles(values, n=20, method="inclusive")
    return {"p50": round(median(values), 1), "p95": round(cuts[18], 1)}


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
