"""Measures all services in turn: the same photos, clients and model, under several concurrencies."""

import http.client
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import mean, median, quantiles
from typing import Any

from benchmarks.figures import say
from benchmarks.local_service import Bench, Service
from benchmarks.process_tree import ProcessTree
from benchmarks.service_load import Client, load

CONCURRENCIES = (1, 8, 16)
# Photo and concurrency.
Case = tuple[str, int]


@dataclass(frozen=True)
class Measured:
    """One service under one load. CPU is of its process tree; memory is the peak of tree and process, in MB.

    `client` and `others` are the shares of one core that the load generator and all other processes took.
    """

    per_second: float
    cpu_ms: float
    p50_ms: float
    p95_ms: float
    tree_mb: float
    process_mb: float
    client: float
    others: float


Results = Mapping[Case, Mapping[str, list[Measured]]]


def spent_in_fakes(bench: Bench) -> tuple[float, int]:
    """Return what the fakes did since the last call: their milliseconds, and questions to the model."""
    connection = http.client.HTTPConnection("127.0.0.1", bench.others["fakes"].port, timeout=10)
    try:
        connection.request("GET", "/spent")
        answer = json.loads(connection.getresponse().read())
        return answer["ms"], answer["asked"]
    finally:
        connection.close()


def side_by_side(bench: Bench, photos: Mapping[str, bytes], seconds: float, passes: int) -> Results:
    """Let every service answer every case for so many seconds a pass; each pass reverses the order."""
    tokens = [bench.token(f"seller{number}") for number in range(max(CONCURRENCIES))]
    compared = [service for service in bench.services.values() if service.name != "plain"]
    cases = [(photo, number) for photo in photos for number in CONCURRENCIES]
    results: dict[Case, dict[str, list[Measured]]] = {
        case: {service.name: [] for service in compared} for case in cases
    }
    for number in range(1, passes + 1):
        order = compared if number % 2 else compared[::-1]
        for photo, concurrency in cases:
            say(f"pass {number} of {passes}: {photo}, {concurrency} at once")
            for service in order:
                clients = [Client(service.port, token, photos[photo]) for token in tokens[:concurrency]]
                measured = _measure(bench, service, clients, seconds)
                results[photo, concurrency][service.name].append(measured)
    return results


def _measure(bench: Bench, service: Service, clients: list[Client], seconds: float) -> Measured:
    for client in clients[:2]:
        client.post()
    spent_in_fakes(bench)
    tree, others = ProcessTree(service.pid), [ProcessTree(other.pid) for other in bench.others.values()]
    cpu, client_cpu, others_cpu = tree.cpu_s(), _own_cpu_s(), sum(other.cpu_s() for other in others)
    with tree.peak_memory() as peak:
        loaded = load(clients, seconds)
    cpu, client_cpu = tree.cpu_s() - cpu, _own_cpu_s() - client_cpu
    others_cpu = sum(other.cpu_s() for other in others) - others_cpu
    _, asked = spent_in_fakes(bench)
    if asked != len(loaded.whole_ms):
        raise SystemExit(
            f"{service.name}: {len(loaded.whole_ms)} requests, but {asked} questions to the model"
        )
    return Measured(
        per_second=loaded.per_second,
        cpu_ms=1000 * cpu / len(loaded.whole_ms),
        p50_ms=median(loaded.whole_ms),
        p95_ms=percentile_95(loaded.whole_ms),
        tree_mb=peak.tree_mb,
        process_mb=peak.process_mb,
        client=client_cpu / loaded.seconds,
        others=others_cpu / loaded.seconds,
    )


def _own_cpu_s() -> float:
    return sum(os.times()[:2])


def percentile_95(values: Iterable[float]) -> float:
    """Return the 95th percentile of at least two values; of one, itself."""
    known = list(values)
    return quantiles(known, n=20, method="inclusive")[18] if len(known) > 1 else known[0]


def mean_of(measured: Iterable[Measured], name: str) -> float:
    """Return the mean of one field over the passes."""
    return float(mean(getattr(each, name) for each in measured))


def best_peer(services: Mapping[str, list[Measured]]) -> str:
    """Return the peer with the most requests per second."""
    peers = (name for name in services if name != "ours")
    return max(peers, key=lambda name: mean_of(services[name], "per_second"))


def table(results: Results) -> list[str]:
    """Return the results as lines of text, a service a line."""
    lines = [
        f"{'photo':7}{'at once':>8}  {'service':14}{'req/s':>7}{'ours/it':>8}{'CPU ms':>8}{'p50 ms':>8}"
        f"{'p95 ms':>8}{'tree MB':>9}{'process':>8}{'client':>8}{'others':>8}"
    ]
    for (photo, concurrency), services in results.items():
        rate = mean_of(services["ours"], "per_second")
        for name, measured in services.items():
            values = {field: mean_of(measured, field) for field in Measured.__dataclass_fields__}
            lines.append(
                f"{photo:7}{concurrency:8}  {name:14}{values['per_second']:7.1f}"
                f"{rate / values['per_second']:8.2f}{values['cpu_ms']:8.1f}{values['p50_ms']:8.1f}"
                f"{values['p95_ms']:8.1f}{values['tree_mb']:9.0f}{values['process_mb']:8.0f}"
                f"{values['client']:8.0%}{values['others']:8.0%}"
            )
    return lines


def detail(results: Results) -> dict[str, Any]:
    """Return the means of the results for the record of the run."""
    return {
        f"{photo}_{concurrency}": {
            name: {field: round(mean_of(measured, field), 2) for field in Measured.__dataclass_fields__}
            for name, measured in services.items()
        }
        for (photo, concurrency), services in results.items()
    }
