"""A bill: its lines, each with the prices behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a line depends on: `idle` on nothing, `model` on the hours of the endpoint, the others on the reports.
Part = Literal["idle", "model", "reports", "llm"]


@dataclass(frozen=True)
class Line:
    """One line of the bill: `count` of `what` cost `usd` a month in total.

    `items` are the prices behind it. `observing` marks what tells operators how the environment does.
    """

    what: str
    count: float
    usd: float
    items: tuple[str, ...] = ()
    observing: bool = False
    part: Part = "idle"


@dataclass(frozen=True)
class Bill:
    """The lines of a month, most expensive first."""

    lines: tuple[Line, ...]

    @property
    def total(self) -> float:
        """USD of the month."""
        return sum(line.usd for line in self.lines)

    @property
    def items(self) -> tuple[str, ...]:
        """The prices behind the lines, each once."""
        return tuple(dict.fromkeys(item for line in self.lines for item in line.items))

    def of(self, *parts: Part) -> float:
        """Return the USD of some parts."""
        return sum(line.usd for line in self.lines if line.part in parts)


def bill(lines: Iterable[Line]) -> Bill:
    """Return a bill in which lines of the same name are one."""
    together: dict[str, Line] = {}
    for line in lines:
        before = together.get(line.what, replace(line, count=0, usd=0.0))
        together[line.what] = replace(line, count=before.count + line.count, usd=before.usd + line.usd)
    return Bill(tuple(sorted(together.values(), key=lambda line: -line.usd)))
