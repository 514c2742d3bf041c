"""`python -m benchmarks`: the service beside a plain one, in one run, with the same 12-megapixel photo."""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.client import Client, Exchange, at_once, spent_by_standins
from benchmarks.figures import Figure, keep
from benchmarks.memory import watched
from benchmarks.picture import twelve_megapixels
from benchmarks.scene import Scene, opened
from local.home import REPOSITORY

RECORD = REPOSITORY / "docs" / "figures" / "bench.json"
WARM_UP = 5
AT_ONCE = 16
EACH = 3
# In turn, ours and plain: what the machine does beside us falls on both.
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
    _say("drawing the photo")
    photo = twelve_megapixels()
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        _say(f"{len(photo) / 1e6:.1f} MB; starting both services and what they lean on")
        with opened(Path(folder)) as scene:
            figures, detail = _measure(scene, photo, options.requests)
    keep(RECORD, figures, {"photo_bytes": len(photo), **detail})
    for figure in figures:
        print(figure.line())  # noqa: T201


def _measure(scene: Scene, photo: bytes, requests: int) -> tuple[list[Figure], dict[str, Any]]:
    one_by_one = _alternate(scene, photo, requests)
    tokens = [scene.token(f"seller{number}") for number in range(AT_ONCE)]
    crowds = {
        service.name: [Client(service, token, photo) for token in tokens]
        for service in (scene.ours, scene.plain)
    }
    rates: dict[str, list[float]] = {name: [] for name in crowds}
    with watched(scene.ours.pid) as ours_peak, watched(scene.plain.pid) as plain_peak:
        for number in range(1, ROUNDS + 1):
            _say(f"{AT_ONCE} at once, round {number} of {ROUNDS}")
            for name in ("ours", "plain"):
                rates[name].append(at_once(crowds[name], EACH))
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


def _alternate(scene: Scene, photo: bytes, requests: int) -> dict[str, dict[str, Any]]:
    token = scene.token("bench")
    clients = {service.name: Client(service, token, photo) for service in (scene.ours, scene.plain)}
    _say("warming up")
    for client in clients.values():
        for _ in range(WARM_UP):
            client.post()
    spent_by_standins(scene)
    exchanges: dict[str, list[Exchange]] = {name: [] for name in clients}
    overheads: dict[str, list[float]] = {name: [] for name in clients}
    for number in range(1, requests + 1):
        _say(f"one by one, {number} of {requests}", again=number < requests)
        for name, client in clients.items():
            exchange = client.post()
            exchanges[name].append(exchange)
            overheads[name].append(exchange.whole_ms - spent_by_standins(scene))
    return {
        name: {
            "overhead_ms": _percentiles(overheads[name]),
            "whole_ms": _percentiles([exchange.whole_ms for async_io in exchanges[name]]),
            "stages_ms_p50": {
                stage: round(median(exchange.stages_ms[stage] for async_io in exchanges[name]), 1)
                for stage in exchanges[name][0].stages_ms
            },
        }
        for name in clients
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    cuts = quantiles(values, n=20, method="inclusive")
    return {"p50": round(median(values), 1), "p95": round(cuts[18], 1)}


def _say(text: str, again: bool = False) -> None:
    end = "\r" if again and sys.stderr.isatty() else "\n"
    if end == "\r" or not again:
        print(text, end=end, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
