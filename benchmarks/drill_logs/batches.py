"""The batches of a drill: what is posted, what must come of each, and the events that must be written."""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmarks.drill_logs.cloudwatch import DAY_MS
from benchmarks.drill_logs.sources import KEPT_SOURCES, draw_event, draw_source

MOST_EVENTS = 250
HOUR_MS = DAY_MS // 24
MINUTE_MS = HOUR_MS // 60
# The share of events that come again: in the same batch or the next ones, and at any time later.
AGAIN_AT_ONCE, AGAIN_LATER = 0.02, 0.02
RECENT = 50


class Kind(StrEnum):
    """What is posted."""

    GZIP = "gzip"  # as the drain does
    PLAIN = "plain"  # an array that is not compressed
    LINES = "lines"  # newline-delimited
    SINGLE = "single"  # one object, as our own sender does
    LONG_SPAN = "long span"  # 30 hours
    OLD = "old"  # 20 days
    FUTURE = "future"  # in three hours
    MIXED = "mixed"  # good events among malformed ones
    LARGE = "large"  # some 4 MB of gzip
    NOT_A_BATCH = "not a batch"
    BOMB = "bomb"  # 4.4 MB of gzip that are gigabytes
    SMALL_VALUES = "small values"  # millions of them within the allowed bytes
    WRONG_KEY = "wrong key"


# Of the drain in a day; acknowledged within a second.
ORDINARY = {Kind.GZIP: 0.8, Kind.PLAIN: 0.04, Kind.LINES: 0.04, Kind.SINGLE: 0.06, Kind.LONG_SPAN: 0.03}
ORDINARY |= {Kind.OLD: 0.01, Kind.FUTURE: 0.01, Kind.MIXED: 0.01}


# They test what is kept, which most sources are not.
OF_ALL_SOURCES = (Kind.LONG_SPAN, Kind.OLD, Kind.FUTURE, Kind.MIXED)


class Age(StrEnum):
    """Whether an event's time is within what CloudWatch Logs accepts."""

    WRITABLE = "writable"
    TOO_OLD = "too_old"
    TOO_NEW = "too_new"


@dataclass(frozen=True)
class Expected:
    """An event to keep: its time in milliseconds, and its trace if one of our functions wrote it."""

    at_ms: int
    age: Age
    trace: str | None = None


@dataclass
class Batch:
    """One request; `kept` are the ids of the events to keep, with each repetition.

    Of `doubtful` elements, which are malformed, a receiver may keep some.
    """

    number: int
    kind: Kind
    headers: dict[str, str]
    file: Path
    elements: int
    kept: list[str] = field(default_factory=list)
    doubtful: int = 0

    @property
    def body(self) -> bytes:
        """What is posted."""
        return self.file.read_bytes()


@dataclass
class Plan:
    """All batches of a drill in their order, and what is expected of each event by its id."""

    batches: list[Batch]
    expected: dict[str, Expected]


def times_of(kind: Kind, now_ms: int, chance: random.Random) -> Iterator[tuple[int, Age]]:
    """Yield times in milliseconds, not in order, with the age of each."""
    while True:
        if kind is Kind.OLD and chance.random() < 0.7:
            yield now_ms - 20 * DAY_MS + chance.randrange(HOUR_MS), Age.TOO_OLD
        elif kind is Kind.FUTURE and chance.random() < 0.7:
            yield now_ms + 3 * HOUR_MS + chance.randrange(HOUR_MS), Age.TOO_NEW
        else:
            span = 30 * HOUR_MS if kind is Kind.LONG_SPAN else 10 * MINUTE_MS
            yield now_ms - chance.randrange(span), Age.WRITABLE


class Drawing:
    """Draws events, some of which come again; remembers what is expected of each."""

    def __init__(self, chance: random.Random, now_ms: int) -> None:
        self.chance = chance
        self.expected: dict[str, Expected] = {}
        self._now_ms = now_ms
        self._earlier: list[dict[str, Any]] = []

    def events(self, kind: Kind, count: int) -> list[dict[str, Any]]:
        """Return the events of a batch: of one source, as those of the drain, or now and then of several."""
        source, drawn = draw_source(self.chance), []
        mixed = kind in OF_ALL_SOURCES or self.chance.random() < 0.3
        times = times_of(kind, self._now_ms, self.chance)
        for _ in range(count):
            again = self.chance.random()
            if self._earlier and again < AGAIN_AT_ONCE + AGAIN_LATER:
                recent = self._earlier[-RECENT:] if again < AGAIN_AT_ONCE else self._earlier
                drawn.append(self.chance.choice(recent))
                continue
            at_ms, age = next(times)
            drawn.append(self._event(draw_source(self.chance) if mixed else source, at_ms, age))
        return drawn

    def _event(self, source: str, at_ms: int, age: Age) -> dict[str, Any]:
        event = draw_event(source, at_ms, self.chance)
        if source in KEPT_SOURCES:
            self.expected[event["id"]] = Expected(at_ms, age, _trace(event["event_message"]))
            # Enough to choose from, in little memory.
            if self.chance.random() < 0.1:
                self._earlier.append(event)
        return event

    def kept(self, events: Sequence[Any]) -> tuple[str, ...]:
        """Return the ids of the events that are to be kept, with each repetition."""
        ids = (event.get("id") for event in events if isinstance(event, dict))
        return tuple(id_ for id_ in ids if isinstance(id_, str) and id_ in self.expected)


def _trace(line: str) -> str | None:
    # A line with personal data may be kept or not; only these values must never be written.
    if not line.startswith('{"time"') or '"email"' in line:
        return None
    trace: str = json.loads(line)["trace"]
    return trace


def encoded(kind: Kind, events: Sequence[Any]) -> tuple[bytes, dict[str, str]]:
    """Return the body of a batch and the headers that say how it is made."""
    if kind is Kind.SINGLE:
        return json.dumps(events[0]).encode(), {"content-type": "application/json"}
    if kind is Kind.LINES:
        text = "\n".join(json.dumps(event) for event in events)
        return text.encode(), {"content-type": "application/x-ndjson"}
    body = json.dumps(events).encode()
    if kind is Kind.PLAIN:
        return body, {"content-type": "application/json"}
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    return gzip.compress(body, compresslevel=4), headers
