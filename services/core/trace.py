"""W3C trace context: which trace a request, a message or a row belongs to, and this process's span of it.

Each hop (a request, a message, a call of the model) is a span of its own and names its parent. A hop passes
`traceparent()` on, in a header, a message attribute or a row, and logs the ids. `tracestate` is a vendor's,
and is not passed on.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Self

from services.core.telemetry import log_context

HEADER = "traceparent"
# Versions after 00 may continue after another dash; what they add is not read.
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_SAMPLED = 0x01


@dataclass(frozen=True)
class Span:
    """A hop of a trace: 32 and 16 hexadecimal digits, those of its parent, and whether the caller records.

    `parent` is None where the trace begins.
    """

    trace: str
    id: str
    parent: str | None = None
    sampled: bool = True

    @classmethod
    def began(cls) -> Self:
        """The first span of a new trace."""
        return cls(_random_hex(16), _random_hex(8))

    @classmethod
    def continuing(cls, traceparent: str | None) -> Self:
        """A span of the trace that `traceparent` names; the first one of a new trace if it is invalid."""
        caller = parse(traceparent)
        return cls.began() if caller is None else cls(caller.trace, _random_hex(8), caller.id, caller.sampled)

    @property
    def traceparent(self) -> str:
        """The value by which the next hop continues the trace."""
        return f"00-{self.trace}-{self.id}-{_SAMPLED if self.sampled else 0:02x}"

    @property
    def log_fields(self) -> dict[str, str]:
        """The fields of a log line that say which span wrote it."""
        fields = {"trace": self.trace, "span": self.id}
        return fields if self.parent is None else {**fields, "parent": self.parent}


_current: ContextVar[Span | None] = ContextVar("span", default=None)


def parse(traceparent: str | None) -> Span | None:
    """The caller's span, its parent unknown; None unless the value is valid by W3C Trace Context."""
    found = _FORM.fullmatch(traceparent or "")
    if found is None:
        return None
    version, trace, span, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest is not None):
        return None
    if trace == "0" * 32 or span == "0" * 16:
        return None
    return Span(trace, span, sampled=bool(int(flags, 16) & _SAMPLED))


def traceparent() -> str | None:
    """What the next hop is to get from here; None outside of a trace."""
    span = _current.get()
    return None if span is None else span.traceparent


@contextmanager
def hop(given: str | None, **fields: str) -> Iterator[Span]:
    """Run the block as a span of the trace that `given` names, else of a new one; log `fields` as well."""
    span = Span.continuing(given)
    entered = _current.set(span)
    known = {name: value for name, value in (log_context.get() or {}).items() if name != "parent"}
    logged = log_context.set({**known, **fields, **span.log_fields})
    try:
        yield span
    finally:
        log_context.reset(logged)
        _current.reset(entered)


def adopt(stored: str | None) -> None:
    """Let a hop that no caller gave a trace continue the one that a row has stored.

    A hop that has a parent, and one without a valid row, stay as they are. It lasts until the hop's end.
    """
    span, row = _current.get(), parse(stored)
    if span is None or span.parent is not None or row is None:
        return
    adopted = replace(span, trace=row.trace, parent=row.id, sampled=row.sampled)
    _current.set(adopted)
    log_context.set({**(log_context.get() or {}), **adopted.log_fields})


def _random_hex(octets: int) -> str:
    # An id of zeros alone is invalid.
    return f"{secrets.randbelow(2 ** (8 * octets) - 1) + 1:0{2 * octets}x}"
