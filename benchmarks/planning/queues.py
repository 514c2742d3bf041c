"""`python -m benchmarks.planning.queues`: the endpoint's simulation against Erlang's formulas.

Loads of 0.1 to 0.9 of one, two, four and ten servers, with random arrivals and exponential seconds. Each run
is so long that its own randomness moves its mean by about 0.7 %: n = (spread / 0.7 %)², from the asymptotic
variance of the waiting time of M/M/1, which is the largest. The runs with the model's seconds have one
instance, which answers one request at a time or up to eight of those that wait; their means by load are the
points of the planner's chart.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.figures import FIGURES, Figure, keep, say, show
from planning.assumptions import load_assumptions
from planning.latency.endpoint import Endpoint, simulate
from planning.latency.scaling import Bounds
from planning.latency.service_times import service_times
from settings.environment import load_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planning.latency.service_times import ModelSize

LOADS = tuple(round(0.1 * step, 1) for step in range(1, 10))
ABOVE_ONE = (1.1, 1.2, 1.3, 1.4, 1.5, 1.6)  # with batches, before the queue grows without end
SERVERS = (1, 2, 4, 10)
PRECISION = 0.007
FEWEST, MOST = 200_000, 6_000_000
WARM_UP = 0.02
BATCH = 8
MODEL_REQUESTS = 200_000
SEED = 25
TYPES: dict[ModelSize, str] = {"demo": "ml.m5.large", "full": "ml.g4dn.xlarge"}
Means = list[tuple[float, float]]


def requests_for(load: float) -> int:
    """Return the requests of a run, of M/M/1's mean time and the asymptotic variance of its waiting time."""
    variance = load * (2 + 5 * load - 4 * load**2 + load**3) / (1 - load) ** 4
    spread = math.sqrt(variance) * (1 - load)
    return min(MOST, max(FEWEST, math.ceil((spread / PRECISION) ** 2)))


def times_of(servers: int, load: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Return the times in the system of M/M/c with a mean service time of 1, without the warm-up."""
    count = requests_for(load)
    arrivals = np.cumsum(random.exponential(1 / (servers * load), count))
    seconds = random.exponential(1.0, count).tolist()
    endpoint = Endpoint("async", Bounds(servers, servers), hands=1)
    served = simulate(arrivals, lambda batch: seconds[batch[0]], endpoint, random)
    return (served.ended - arrivals)[int(WARM_UP * count) :]


def mean_time(servers: int, load: float) -> float:
    """Return the mean time in M/M/c by the sum over its states."""
    offered = servers * load
    below = sum(offered**k / math.factorial(k) for k in range(servers))
    full = offered**servers / math.factorial(servers) / (1 - load)
    return 1 + full / (below + full) / (servers * (1 - load))


def p95_time(servers: int, load: float) -> float:
    """Return the 95th percentile of the time in M/M/c, by bisection of its distribution."""
    offered, spare = servers * load, servers * (1 - load)
    below = sum(offered**k / math.factorial(k) for k in range(servers))
    full = offered**servers / math.factorial(servers) / (1 - load)
    waits = full / (below + full)

    def longer(t: float) -> float:
        if abs(spare - 1) < 1e-9:
            return math.exp(-t) * (1 + waits * t)
        return math.exp(-t) + waits * (math.exp(-t) - math.exp(-spare * t)) / (spare - 1)

    low, high = 0.0, 1000.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if longer(middle) > 0.05 else (low, middle)
    return low


def model_means(model: ModelSize, most: int, loads: Sequence[float]) -> Means:
    """Return mean times by load of one instance that takes up to `most` requests, in those of one alone."""
    times = service_times(TYPES[model], load_environment("prod"), model)
    shares = np.asarray(load_assumptions().photos.per_report)
    counts = np.arange(1, shares.size + 1)
    alone = float(
        sum(share * times.seconds(int(n)) for n, share in zip(counts, shares / shares.sum(), strict=True))
    )
    endpoint = Endpoint("realtime", Bounds(1, 1), hands=None, batch_up_to=most)
    found = []
    for load in loads:
        random = np.random.default_rng(SEED)
        arrivals = np.cumsum(random.exponential(alone / load, MODEL_REQUESTS))
        photos = random.choice(counts, MODEL_REQUESTS, p=shares / shares.sum()).tolist()
        served = simulate(
            arrivals,
            lambda batch, photos=photos: times.seconds(sum(photos[one] for one in batch), len(batch)),
            endpoint,
            random,
        )
        found.append((load, float(np.mean(served.ended - arrivals)) / alone))
    return found


def main() -> None:
    """Run, print one line per figure, and keep the run in docs/figures/planning-queues.json."""
    figures: list[Figure] = []
    means: dict[str, Means] = {"mm1_closed_form": [(load, mean_time(1, load)) for load in LOADS]}
    for servers in SERVERS:
        random = np.random.default_rng(SEED + servers)
        off, off_p95 = [], []
        points: Means = []
        for load in LOADS:
            times = times_of(servers, load, random)
            points.append((load, float(times.mean())))
            off.append(abs(times.mean() / mean_time(servers, load) - 1))
            off_p95.append(abs(np.percentile(times, 95) / p95_time(servers, load) - 1))
            say(f"M/M/{servers} at {load}: mean off by {off[-1]:.2%}, p95 by {off_p95[-1]:.2%}")
        means[f"mm{servers}"] = points
        figures += [
            Figure(f"mm{servers}_mean_off_percent_at_most", 100 * max(off), at_most=3),
            Figure(f"mm{servers}_p95_off_percent_at_most", 100 * float(max(off_p95)), at_most=3),
        ]
    for model in TYPES:
        means[f"{model}_alone"] = model_means(model, 1, LOADS)
        means[f"{model}_batches"] = model_means(model, BATCH, (*LOADS, *ABOVE_ONE))
        at = {most: dict(means[f"{model}_{most}"])[0.9] for most in ("alone", "batches")}
        figures.append(Figure(f"{model}_mean_at_0.9_over_mm1", at["alone"] / mean_time(1, 0.9)))
        figures.append(
            Figure(f"{model}_mean_at_0.9_batches_over_alone", at["batches"] / at["alone"], at_most=1)
        )
    keep(FIGURES / "planning-queues.json", figures, {"batch": BATCH, "means": means})
    show(figures)


if __name__ == "__main__":
    main()
