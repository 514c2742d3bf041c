"""The batches of a drill of log events: all kinds and sources, the same for a seed, as hostile as named."""

import gzip
import json
import random
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.drill_logs import hostile
from benchmarks.drill_logs.batches import Age, Batch, Drawing, Kind, Plan, encoded
from benchmarks.drill_logs.cloudwatch import DAY_MS
from benchmarks.drill_logs.personal import found
from benchmarks.drill_logs.plan import HEADER, draw_plan
from benchmarks.drill_logs.sources import SOURCES, draw_event

NOW = 1_790_000_000_000
KEY = "the-key-of-the-senders-of-this-drill"
EVENTS = 3000


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return draw_plan(EVENTS, 1, NOW, tmp_path_factory.mktemp("plan"), KEY)


def events_of(batch: Batch) -> list[Any]:
    body = batch.body
    if batch.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    if batch.kind is Kind.LINES:
        return [json.loads(line) for line in body.splitlines()]
    read = json.loads(body)
    return read if isinstance(read, list) else [read]


def test_seed_draws_the_same_batches(plan: Plan, tmp_path: Path) -> None:
    again = draw_plan(EVENTS, 1, NOW, tmp_path, KEY)
    assert list(again.expected) == list(plan.expected)
    assert [batch.kept for batch in again.batches] == [batch.kept for batch in plan.batches]


def test_batches_hold_what_is_asked_for(plan: Plan) -> None:
    ordinary = [
        batch for batch in plan.batches if batch.kind not in (Kind.LARGE, Kind.NOT_A_BATCH, Kind.WRONG_KEY)
    ]
    assert sum(batch.elements for batch in ordinary) == EVENTS
    assert {batch.elements for batch in ordinary} <= set(range(1, 251))
    assert {batch.headers[HEADER] == KEY for batch in plan.batches if batch.kind is Kind.WRONG_KEY} == {False}
    assert {expected.age for expected in plan.expected.values()} == set(Age)


def test_events_come_again(plan: Plan) -> None:
    readable = [batch for batch in plan.batches if batch.kind is not Kind.NOT_A_BATCH]
    ids = [
        [event["id"] for event in events_of(batch) if isinstance(event, dict) and event] for batch in readable
    ]
    counted = Counter(id_ for each in ids for id_ in each)
    assert max(counted.values()) > 1
    assert any(len(each) > len(set(map(str, each))) for each in ids)


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_personal_data(source: str) -> None:
    chance = random.Random(1)  # noqa: S311 - a drill's events
    assert any(found(json.dumps(draw_event(source, NOW, chance), ensure_ascii=False)) for _ in range(20))


def test_bomb_becomes_gigabytes() -> None:
    packed = hostile.bomb(b" ")
    assert 4_390_000 < len(packed) <= 4_400_000
    unzip, total = zlib.decompressobj(16 + zlib.MAX_WBITS), 0
    for start in range(0, len(packed), 44_000):
        if total > 50_000_000:
            break
        total += len(unzip.decompress(packed[start : start + 44_000]))
    # A hundredth of it is as many megabytes.
    assert total > 40_000_000


def test_large_batch_has_four_megabytes() -> None:
    chance = random.Random(1)  # noqa: S311 - a drill's events
    events = hostile.large(Drawing(chance, NOW).events(Kind.GZIP, 250), chance)
    assert 4_000_000 < len(encoded(Kind.LARGE, events)[0]) < hostile.RECEIVED_BYTES


def test_malformed_event_is_another(plan: Plan) -> None:
    chance = random.Random(1)  # noqa: S311 - a drill's events
    event = draw_event("function_logs", NOW, chance)
    changed = [hostile.malformed(event, chance) for _ in range(200)]
    assert all(not isinstance(each, dict) or each.get("id") != event["id"] for each in changed)


def test_long_span_is_over_a_day(plan: Plan) -> None:
    spans = []
    for batch in plan.batches:
        times = [plan.expected[id_].at_ms for id_ in batch.kept]
        if batch.kind is Kind.LONG_SPAN and times:
            spans.append(max(times) - min(times))
    assert max(spans) > DAY_MS
