"""`python -m benchmarks.asynchronous`: what an async endpoint costs in latency over a realtime one.

The same stub model and LLM stand behind both, in one run, in turn. Realtime, the service waits for the model.
Async, the model's answer goes through bucket, topic and queue of the emulator to the function that ends the
report, and the service finds it so; queues are polled as Lambda does.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles

import httpx2

from benchmarks.drill.drill_jobs import photo
from benchmarks.drill.fleet import Fleet
from benchmarks.drill.scene import opened
from benchmarks.drill.world import Mode, World
from benchmarks.figures import Figure, keep
from local.home import REPOSITORY, Home
from local.supervisor import processes
from tests.services.analyze.process import token

RECORD = REPOSITORY / "docs" / "figures" / "bench-async.json"
WARM_UP = 5
USER = "seller"


def main() -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/bench-async.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.asynchronous", description=__doc__)
    parser.add_argument("--requests", type=int, default=100, help="to each, in turn (default: %(default)s)")
    options = parser.parse_args()
    if options.requests < 2:
        parser.error(f"--requests is {options.requests}; it is at least 2")
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-", ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder))
        home.create()
        try:
            data = home.data("bench")
            data.mkdir(parents=True)
            _say("starting both services and what they lean on")
            goods = WARM_UP + options.requests
            _, worlds = opened(Fleet(home), data, goods, seed=None)
            took_ms = _measure(worlds, goods)
        finally:
            processes.stop(home)
    figures = []
    for name, place in (("p50", 9), ("p95", 18)):
        at = {mode: quantiles(values, n=20, method="inclusive")[place] for mode, values in took_ms.items()}
        figures += [
            Figure(f"realtime_ms_{name}", at["realtime"]),
            Figure(f"async_ms_{name}", at["async"]),
            Figure(f"async_costs_ms_{name}", at["async"] - at["realtime"]),
        ]
    keep(RECORD, figures, {"requests": options.requests})
    for figure in figures:
        print(figure.line())  # noqa: T201


def _measure(worlds: dict[Mode, World], goods: int) -> dict[Mode, list[float]]:
    took_ms: dict[Mode, list[float]] = {mode: [] for mode in worlds}
    with httpx2.Client(
        trust_env=False, timeout=60, headers={"Authorization": f"Bearer {token(USER)}"}
    ) as client:
        for number in range(goods):
            for mode, world in worlds.items():
                whole_ms = _post(client, world, number)
                if number >= WARM_UP:
                    took_ms[mode].append(whole_ms)
            if (number + 1) % 25 == 0:
                _say(f"{number + 1} of {goods}")
    return took_ms


def _post(client: httpx2.Client, world: World, number: int) -> float:
    start = time.perf_counter()
    answer = client.post(
        f"http://127.0.0.1:{world.service}/analyze",
        files={"images": ("photo.jpg", photo(number), "image/jpeg")},
        headers={"Prefer": "wait=25"},
    )
    whole_ms = (time.perf_counter() - start) * 1000
    if answer.status_code != 200 or answer.json()["narrative"] != "llm":
        raise SystemExit(f"{world.mode} answered {answer.status_code}: {answer.text[:500]}")
    return whole_ms


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
