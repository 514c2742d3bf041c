"""The benchmark's closed forms against Erlang's tables, its record, and the chart that is made of it."""

import json
import math
from typing import Any

import pytest

from benchmarks.planning.queues import SERVERS, mean_time, p95_time
from planning.latency.queues import FILE, waiting_chart
from planning.latency.service_times import ModelSize


@pytest.mark.parametrize(
    ("servers", "load", "waits"),
    # Erlang C tables: 1 erlang for 2 servers, 2 for 3, 4 for 5, 8 for 10.
    [(1, 0.7, 0.7), (2, 0.5, 1 / 3), (3, 2 / 3, 4 / 9), (5, 0.8, 0.5541), (10, 0.8, 0.4092)],
)
def test_mean_times_are_erlangs(servers: int, load: float, waits: float) -> None:
    assert mean_time(servers, load) == pytest.approx(1 + waits / (servers * (1 - load)), rel=1e-4)


@pytest.mark.parametrize("load", [0.1, 0.5, 0.9])
def test_time_in_single_queue_is_exponential(load: float) -> None:
    assert p95_time(1, load) == pytest.approx(-math.log(0.05) / (1 - load), rel=1e-5)


def test_hundred_idle_servers_add_no_wait() -> None:
    assert p95_time(100, 0.1) == pytest.approx(-math.log(0.05), rel=1e-5)


def test_record_and_document_hold_three_percent() -> None:
    figures = {one["name"]: one for one in json.loads(FILE.read_text("utf-8"))["figures"]}
    for servers in SERVERS:
        for kind in ("mean", "p95"):
            found = figures[f"mm{servers}_{kind}_off_percent_at_most"]
            assert found["met"]
            assert found["goal"] == "<=3"
    worst = max(one["value"] for name, one in figures.items() if "off_percent" in name)
    document = (FILE.parents[1] / "planning.md").read_text("utf-8")
    assert f"at most {worst:.1f} % (goal 3;" in " ".join(document.split())


@pytest.mark.parametrize("model", ["demo", "full"])
def test_chart_shows_where_batches_differ(model: ModelSize) -> None:
    lines: dict[str, dict[Any, float]] = {
        one.name: dict(zip(one.x, one.y, strict=True)) for one in waiting_chart(model).series
    }
    formula, batches = lines["M/M/1 by Erlang's formula"], lines["up to 8 requests in a batch"]
    assert formula[0.9] == pytest.approx(10)
    assert lines["M/M/1 simulated"][0.9] == pytest.approx(10, rel=0.03)
    assert batches[0.9] < lines["one request at a time"][0.9] < formula[0.9]
    assert max(batches) > 1 > max(formula)
