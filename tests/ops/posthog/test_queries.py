"""The queries' meaning, with SQLite in ClickHouse's place: PostHog's own engine cannot be run here.

SQLite has no quantile, and other names for a few functions; the rest of a query runs as it is written.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from local.fakes.posthog.forms import is_select
from ops.posthog import queries
from ops.posthog.wanted import wanted
from settings.environment import Environment

HOUR = 3600
NOW = 1_000_000 * HOUR + 1234
LAST = NOW - NOW % HOUR - HOUR
# The properties of the events that services/core/analytics sends.
PROPERTIES = {
    *("total_ms", "photo_ms", "accept_ms", "model_ms", "narrate_ms", "mode", "outcome", "reason"),
    *("narrative", "template_share", "cost_usd", "languages", "photos", "environment", "version", "trace"),
}
# Functions of HogQL's documented lists of functions and aggregations.
FUNCTIONS = {
    *("count", "countIf", "avg", "quantile", "if", "now", "numbers"),
    *("toFloat", "toStartOfHour", "toIntervalHour", "toIntervalDay"),
}
Row = Mapping[str, Any]


class Quantile:
    """ClickHouse's quantile of few values: linear between the nearest ranks, without nulls."""

    def __init__(self) -> None:
        self._level, self._values = 0.0, list[float]()

    def step(self, value: float | None, level: float) -> None:
        self._level = level
        self._values += [] if value is None else [value]

    def finalize(self) -> float | None:
        return quantile(self._values, self._level) if self._values else None


def quantile(values: Sequence[float], level: float) -> float:
    ranked, place = sorted(values), level * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


Select = Callable[[str, Sequence[Row]], list[Row]]


@pytest.fixture
def select() -> Iterator[Select]:
    """Run a query over events: mappings with event, timestamp and properties."""
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.create_aggregate("quantile", 2, Quantile)  # type: ignore[arg-type]
    database.create_function("toFloat", 1, lambda value: None if value is None else float(value))
    database.create_function("toStartOfHour", 1, lambda time: time - time % HOUR)
    database.create_function("toIntervalHour", 1, lambda hours: hours * HOUR)
    database.create_function("toIntervalDay", 1, lambda days: days * 24 * HOUR)
    database.create_function("now", 0, lambda: NOW)
    database.execute("CREATE TABLE numbers (number INTEGER)")
    database.executemany("INSERT INTO numbers VALUES (?)", [(number,) for number in range(queries.HOURS)])
    columns = ", ".join(f'"properties.{name}"' for name in sorted(PROPERTIES))
    database.execute(f"CREATE TABLE events (event, timestamp, {columns})")

    def select(query: str, events: Sequence[Row]) -> list[Row]:
        for event in events:
            values = [event["event"], event["timestamp"], *(event.get(name) for name in sorted(PROPERTIES))]
            marks = ", ".join("?" * len(values))
            database.execute(f"INSERT INTO events VALUES ({marks})", values)  # noqa: S608
        translated = re.sub(r"quantile\(([0-9.]+)\)\((\w+)\)", r"quantile(\2, \1)", query)
        translated = re.sub(r"properties\.(\w+)", r'"properties.\1"', translated)
        translated = re.sub(r"countIf\(([^()]*)\)", r"sum(CASE WHEN \1 THEN 1 ELSE 0 END)", translated)
        translated = translated.replace("if(", "iif(").replace(f"numbers({queries.HOURS})", "numbers")
        return [dict(row) for row in database.execute(translated)]

    yield select
    database.close()


def ended(at: int, event: str = queries.COMPLETED, **values: Any) -> Row:
    return {"event": event, "timestamp": at, "environment": "prod", **values}


def test_last_row_is_the_last_whole_hour(select: Select) -> None:
    for query in (queries.latency, queries.stages, queries.outcomes, queries.cost):
        hours = [row["hour"] for row in select(query("prod"), [])]
        assert hours == list(range(LAST - 167 * HOUR, LAST + 1, HOUR))


def test_latency_counts_every_ended_report(select: Select) -> None:
    times = [*range(1000, 10_000, 1000), 60_000]
    events = [ended(LAST + index, total_ms=time) for index, time in enumerate(times)]
    events += [ended(LAST + HOUR, total_ms=9e9), ended(LAST, total_ms=9e9, environment="dev")]
    events += [ended(LAST, "$ai_generation", total_ms=9e9), ended(LAST - 1, queries.FAILED, total_ms=5000)]
    before, last = select(queries.latency("prod"), events)[-2:]
    assert (last["reports"], last["p50_ms"]) == (10, quantile(times, 0.5))
    assert last["p95_ms"] == last["judged_p95_ms"] == quantile(times, 0.95)
    # One report is too few to judge an hour by.
    assert (before["reports"], before["p95_ms"], before["judged_p95_ms"]) == (1, 5000, 0)


def test_model_is_judged_by_its_own_reports(select: Select) -> None:
    # Reports that failed before the model was asked have no such time.
    events = [ended(LAST, queries.FAILED, photo_ms=90.0) for _ in range(20)]
    events += [ended(LAST, model_ms=4000.0, photo_ms=90.0) for _ in range(9)]
    (*_, few) = select(queries.stages("prod"), events)
    (*_, enough) = select(queries.stages("prod"), [ended(LAST, model_ms=4000.0)])
    assert (few["model_p95_ms"], few["judged_model_p95_ms"]) == (4000, 0)
    assert (enough["photo_p95_ms"], enough["judged_model_p95_ms"]) == (90, 4000)


@pytest.mark.parametrize(
    ("failed", "shown", "judged"), [(0, 0, 0), (2, 20, 0), (3, 300 / 11, 300 / 11), (8, 50, 50)]
)
def test_few_failures_are_no_incident(select: Select, failed: int, shown: float, judged: float) -> None:
    events = [ended(LAST) for _ in range(8)] + [ended(LAST, queries.FAILED) for _ in range(failed)]
    (*_, last) = select(queries.outcomes("prod").replace("100 *", "100.0 *"), events)
    assert (last["succeeded"], last["failed"]) == (8, failed)
    assert last["failed_percent"] == pytest.approx(shown)
    assert last["judged_failed_percent"] == pytest.approx(judged)


def test_cost_is_that_of_a_report(select: Select) -> None:
    events = [ended(LAST, cost_usd=0.5, template_share=1), ended(LAST, cost_usd=0.25, template_share=0.5)]
    (*_, last) = select(queries.cost("prod"), events)
    assert (last["report_usd"], last["template_percent"]) == (0.375, 75)


def test_arrived_counts_a_days_events(select: Select) -> None:
    events = [ended(NOW - HOUR), ended(NOW - 30 * HOUR), ended(NOW - 1, environment="dev")]
    assert select(queries.arrived("prod", 1), events) == [{"count()": 1}]


def test_queries_name_only_what_is_sent(prod: Environment) -> None:
    for insight in wanted(prod).insights:
        query = insight.query["source"]["query"]
        assert is_select(query)
        assert set(re.findall(r"properties\.(\w+)", query)) <= PROPERTIES
        assert set(re.findall(r"'(report_\w+)'", query)) <= {"report_completed", "report_failed"}
        assert set(re.findall(r"(\w+)\(", query)) <= FUNCTIONS
        # PostHog returns 100 rows of a query without a limit.
        assert query.endswith(f"LIMIT {queries.HOURS}")


def test_charts_and_alerts_read_selected_columns(prod: Environment) -> None:
    asked = wanted(prod)
    selected = {one.name: re.findall(r" AS (\w+)", one.query["source"]["query"]) for one in asked.insights}
    for insight in asked.insights:
        drawn = [axis["column"] for axis in insight.query["chartSettings"]["yAxis"]]
        assert set(drawn) <= set(selected[insight.name])
        assert not any(column.startswith("judged") for column in drawn)
    for alert in asked.alerts:
        assert alert.column in selected[alert.insight]
    assert len(asked.alerts) <= 4
