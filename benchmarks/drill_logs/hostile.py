"""Bodies that a receiver must survive: malformed ones, bombs, millions of values, and very large batches."""

import base64
import gzip
import json
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.drill_logs.personal import Person
from benchmarks.drill_logs.sources import new_id

MB = 1024 * 1024
# As much as API Gateway and Lambda pass on of a body that is not text.
RECEIVED_BYTES = 4_400_000
# The most bytes that the receiver decompresses.
DECOMPRESSED_BYTES = 24 * MB
GZIP = {"content-type": "application/json", "content-encoding": "gzip"}
JSON = {"content-type": "application/json"}
Body = tuple[bytes, dict[str, str]]


def bomb(filler: bytes, compressed: int = RECEIVED_BYTES) -> bytes:
    """Return gzip of so many bytes that decompresses to a thousand times as much, made of `filler`."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = filler * (MB // len(filler))
    # A full flush ends at a byte and refers to nothing before it: the block can be repeated.
    part = engine.compress(block) + engine.flush(zlib.Z_FULL_FLUSH)
    header, end = struct.pack("<4BL2B", 0x1F, 0x8B, 8, 0, 0, 2, 3), b"\x03\x00" + bytes(8)
    return header + part * ((compressed - len(header) - len(end)) // len(part)) + end


def bombs() -> Iterator[Body]:
    """Yield a bomb of white space, one of nesting, and one of values."""
    for filler in (b" ", b"[", b"{},"):
        yield bomb(filler), GZIP


def small_values() -> Iterator[Body]:
    """Yield arrays and lines of millions of values within the bytes that may be decompressed."""
    for value in ("{}", "[]", "1.5", '"é"', '{"id":"a"}'):
        count = (DECOMPRESSED_BYTES - 2) // (len(value.encode()) + 1)
        yield gzip.compress(f"[{','.join([value] * count)}]".encode(), compresslevel=6), GZIP
    for line in ("1", "{}", "x"):
        yield (
            gzip.compress(f"{line}\n".encode() * (DECOMPRESSED_BYTES // (len(line) + 1)), compresslevel=6),
            GZIP,
        )
    # One character beyond the first plane makes each of a Python text take four bytes.
    text = json.dumps(
        [{"id": "a", "event_message": "x" * (DECOMPRESSED_BYTES - 100) + "😀"}], ensure_ascii=False
    )
    yield gzip.compress(text.encode(), compresslevel=6), GZIP


def not_batches(chance: random.Random) -> Iterator[Body]:
    """Yield bodies that are no batch, for ever."""
    person = Person(chance)
    good = json.dumps([{"id": "a", "event_message": person.said()}])
    packed = gzip.compress(good.encode())
    made: tuple[Callable[[], Body], ...] = (
        lambda: (person.said().encode(), JSON),
        lambda: (good[: chance.randrange(1, len(good) - 1)].encode(), JSON),
        lambda: (packed[: chance.randrange(3, len(packed) - 9)], GZIP),
        lambda: (packed[:-8] + bytes(8), GZIP),
        lambda: (chance.randbytes(2000), GZIP),
        lambda: (chance.randbytes(2000), JSON),
        lambda: (json.dumps(person.email).encode(), JSON),
        lambda: (b"[" * 100_000, JSON),
        lambda: (b'{"a":' * 100_000, JSON),
        lambda: (gzip.compress(b"[" * 1_000_000), GZIP),
        lambda: (b"\xff\xfe" + good.encode("utf-16-le"), JSON),
        lambda: (b"[]", JSON),
        lambda: (b"{}", JSON),
        lambda: (b"null", JSON),
        lambda: (b"", JSON),
        lambda: (b"NaN", JSON),
        lambda: (b"[1e999, -1e999]", JSON),
        lambda: (b"9" * 5000, JSON),
    )
    while True:
        yield chance.choice(made)()


def malformed(event: dict[str, Any], chance: random.Random) -> Any:
    """Return what an event of the kept sources becomes when one thing about it is wrong."""
    person = Person(chance)
    deep: Any = person.email
    metadata = event["metadata"]
    metadata = metadata[0] if isinstance(metadata, list) else metadata
    for _ in range(300):
        deep = [deep]
    changes: tuple[Any, ...] = (
        {"id": person.email},
        {"id": None},
        {"id": 7},
        {"id": event["id"] + person.email},
        {"timestamp": person.phone},
        {"timestamp": None},
        {"timestamp": -1},
        {"timestamp": 10**30},
        {"timestamp": 1e308},
        {"event_message": {"user": person.email}},
        {"event_message": None},
        {"event_message": f"\ud83d {person.said()}"},
        {"metadata": person.email},
        {"metadata": None},
        {"metadata": [person.email, 3]},
        {"metadata": {**metadata, "nested": deep}},
        {"metadata": {name: person.datum() for name in metadata}},
        {"source": person.email},
        {"source": [person.email]},
    )
    if chance.random() < 0.2:
        return chance.choice((None, 7, person.email, [person.email], [], {}, True))
    changed = {**event, **chance.choice(changes)}
    if changed["id"] == event["id"]:
        # Another event, so that what is expected of this one stays.
        changed["id"] = new_id(chance)
    return changed


def large(
    events: list[dict[str, Any]], chance: random.Random, compressed: int = 4 * MB
) -> list[dict[str, Any]]:
    """Return the events with so much text that does not compress that gzip has about `compressed` bytes."""
    # Six bits of chance in each character.
    share = compressed // len(events)
    return [
        {
            **event,
            "event_message": event["event_message"] + base64.b64encode(chance.randbytes(share)).decode(),
        }
        for event in events
    ]
