"""Arranges the events of an object in batches that PutLogEvents takes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from services.logs.kept import KeptEvent

# PutLogEvents' own limits.
MOST_BYTES = 1_048_576
EVENT_OVERHEAD = 26
MOST_EVENTS = 10_000
LARGEST_EVENT = 1_000_000
LONGEST_SPAN_MS = 86_400_000
OLDEST_MS = 14 * LONGEST_SPAN_MS
NEWEST_MS = 7_200_000

DUPLICATE, TOO_LARGE, TOO_OLD, TOO_NEW = "duplicate", "too_large", "too_old", "too_new"
Batch = list[KeptEvent]


class Plan(NamedTuple):
    """Batches in the order of their times, and how many events are in none of them, by reason."""

    batches: list[Batch]
    dropped: Counter[str]


def plan(events: Sequence[KeptEvent]) -> Plan:
    """Arrange events, each id once; the same events always give the same batches.

    A part of a batch is a legal batch too.
    """
    dropped, once = Counter[str](), {}
    for event in events:
        if event.id in once:
            dropped[DUPLICATE] += 1
        elif _size(event) > LARGEST_EVENT:
            dropped[TOO_LARGE] += 1
        else:
            once[event.id] = event
    return Plan(list(_batches(sorted(once.values(), key=lambda event: event.at_ms))), dropped)


def of_age(batch: Batch, now_ms: int, retention_ms: int, dropped: Counter[str]) -> Batch:
    """Return the events that CloudWatch takes at `now_ms` by their times; count the others."""
    oldest, newest = now_ms - min(OLDEST_MS, retention_ms), now_ms + NEWEST_MS
    kept = [event for event in batch if oldest < event.at_ms < newest]
    too_old = sum(event.at_ms <= oldest for event in batch)
    dropped.update({TOO_OLD: too_old, TOO_NEW: len(batch) - len(kept) - too_old})
    return kept


def _batches(ordered: Sequence[KeptEvent]) -> Iterator[Batch]:
    batch: Batch = []
    total = 0
    for event in ordered:
        size = _size(event)
        if batch and (
            total + size > MOST_BYTES
            or len(batch) == MOST_EVENTS
            or event.at_ms - batch[0].at_ms >= LONGEST_SPAN_MS
        ):
            yield batch
            batch, total = [], 0
        batch.append(event)
        total += size
    if batch:
        yield batch


def _size(event: KeptEvent) -> int:
    return len(event.line.encode()) + EVENT_OVERHEAD
