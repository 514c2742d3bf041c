"""Draws the plan of a drill by a seed, and writes the body of each batch to a file."""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.drill_logs import hostile
from benchmarks.drill_logs.batches import MOST_EVENTS, ORDINARY, Batch, Drawing, Kind, Plan, encoded
from benchmarks.figures import say

HEADER = "x-vitrine-logs-key"
# For each thousand ordinary batches, and the fewest.
NOT_BATCHES, WRONG_KEYS, LARGE = (40, 20), (20, 4), (6, 1)
# Of the events of the batches that have malformed ones.
MALFORMED = 0.3
# Smaller drills take seconds, and have no bombs.
BOMBS_FROM = 20_000


@dataclass(frozen=True)
class _Drawn:
    kind: Kind
    body: bytes
    headers: dict[str, str]
    kept: tuple[str, ...] = ()
    elements: int = 0
    doubtful: int = 0


def draw_plan(events: int, seed: int, now_ms: int, folder: Path, key: str) -> Plan:
    """Return a plan of so many events in ordinary batches, with the hostile ones among them."""
    chance = random.Random(seed)  # noqa: S311 - a drill's batches
    drawing = Drawing(chance, now_ms)
    folder.mkdir(parents=True, exist_ok=True)
    batches: list[Batch] = []
    for drawn in _ordinary(events, drawing):
        batches.append(_write(drawn, len(batches), folder, key))
        say(f"drew {len(batches)} batches", again=True)
    for drawn in _hostile(len(batches), drawing, bombs=events >= BOMBS_FROM):
        batch = _write(drawn, len(batches), folder, key)
        batches.insert(chance.randrange(len(batches) + 1), batch)
    return Plan(batches, drawing.expected)


def _write(drawn: _Drawn, number: int, folder: Path, key: str) -> Batch:
    given = secrets.token_hex(24) if drawn.kind is Kind.WRONG_KEY else key
    headers, file = {**drawn.headers, HEADER: given}, folder / f"{number}.body"
    file.write_bytes(drawn.body)
    return Batch(number, drawn.kind, headers, file, drawn.elements, list(drawn.kept), drawn.doubtful)


def _ordinary(events: int, drawing: Drawing) -> Iterator[_Drawn]:
    chance, left = drawing.chance, events
    for kind in _kinds(chance):
        if not left:
            return
        count = 1 if kind is Kind.SINGLE else min(chance.randint(1, MOST_EVENTS), left)
        listed: list[Any] = drawing.events(kind, count)
        doubtful = 0
        if kind is Kind.MIXED:
            wrong = chance.sample(range(count), int(count * MALFORMED))
            for index in wrong:
                listed[index] = hostile.malformed(listed[index], chance)
            doubtful = len(wrong)
        yield _Drawn(kind, *encoded(kind, listed), drawing.kept(listed), count, doubtful)
        left -= count


def _kinds(chance: random.Random) -> Iterator[Kind]:
    """Yield each kind of ordinary batches once, and then as often as its share."""
    yield from ORDINARY
    while True:
        yield chance.choices(list(ORDINARY), list(ORDINARY.values()))[0]


def _hostile(ordinary: int, drawing: Drawing, bombs: bool) -> Iterator[_Drawn]:
    chance = drawing.chance

    def count(share: tuple[int, int]) -> int:
        return max(share[1], ordinary * share[0] // 1000)

    for _ in range(count(LARGE)):
        listed = hostile.large(drawing.events(Kind.GZIP, MOST_EVENTS), chance)
        kept = drawing.kept(listed)
        for id_ in kept:
            # What is appended to its text makes it none of our lines.
            drawing.expected[id_] = replace(drawing.expected[id_], trace=None)
        yield _Drawn(Kind.LARGE, *encoded(Kind.GZIP, listed), kept, len(listed))
    for body, headers in islice(hostile.not_batches(chance), count(NOT_BATCHES)):
        yield _Drawn(Kind.NOT_A_BATCH, body, headers)
    for _ in range(count(WRONG_KEYS)):
        yield _Drawn(Kind.WRONG_KEY, *encoded(Kind.GZIP, drawing.events(Kind.GZIP, 5)))
    if bombs:
        for body, headers in hostile.bombs():
            yield _Drawn(Kind.BOMB, body, headers)
        for body, headers in hostile.small_values():
            yield _Drawn(Kind.SMALL_VALUES, body, headers)
