"""`python -m benchmarks.asynchronous`: the latency of an async endpoint compared with a realtime one.

Both modes use the same fake model and LLM and take turns in one run. With a realtime endpoint the service
waits for the model. With an async endpoint the answer goes through the emulator's bucket, topic and queue to
the function that completes the report, where the service finds it; queues are polled as Lambda does.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import quantiles

import httpx2

from benchmarks.drill.deployment import Deployment, Mode
from benchmarks.drill.drill_jobs import photo
from benchmarks.drill.launch import launch_both
from benchmarks.drill.supervisor import Supervisor
from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.local_service import access_token
from local.home import Home

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
        supervisor = Supervisor(home)
        try:
            data = home.data("bench")
            data.mkdir(parents=True)
            say("starting both services and their dependencies")
            requests = WARM_UP + options.requests
            launched = launch_both(supervisor, data, requests, seed=None)
            took_ms = _measure(launched.deployments, requests)
        finally:
            supervisor.stop()
    figures = []
    for name, place in (("p50", 9), ("p95", 18)):
        at = {mode: quantiles(values, n=20, method="inclusive")[place] for mode, values in took_ms.items()}
        figures += [
            Figure(f"realtime_ms_{name}", at["realtime"]),
            Figure(f"async_ms_{name}", at["async"]),
            Figure(f"async_costs_ms_{name}", at["async"] - at["realtime"]),
        ]
    keep(FIGURES / "bench-async.json", figures, {"requests": options.requests})
    show(figures)


def _measure(deployments: dict[Mode, Deployment], requests: int) -> dict[Mode, list[float]]:
    took_ms: dict[Mode, list[float]] = {mode: [] for mode in deployments}
    with httpx2.Client(
        trust_env=False, timeout=60, headers={"Authorization": f"Bearer {access_token(USER)}"}
    ) as client:
        for number in range(requests):
            for mode, deployment in deployments.items():
                whole_ms = _post(client, deployment, number)
                if number >= WARM_UP:
                    took_ms[mode].append(whole_ms)
            if (number + 1) % 25 == 0:
                say(f"{number + 1} of {requests}")
    return took_ms


def _post(client: httpx2.Client, deployment: Deployment, number: int) -> float:
    start = time.perf_counter()
    answer = client.post(
        f"http://127.0.0.1:{deployment.service_port}/analyze",
        files={"images": ("photo.jpg", photo(number), "image/jpeg")},
        headers={"Prefer": "wait=25"},
    )
    whole_ms = (time.perf_counter() - start) * 1000
    if answer.status_code != 200 or answer.json()["narrative"] != "llm":
        raise SystemExit(f"{deployment.mode} answered {answer.status_code}: {answer.text[:500]}")
    return whole_ms


if __name__ == "__main__":
    main()
