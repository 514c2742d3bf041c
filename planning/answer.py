"""What every command of the planner answers: a conclusion, tables, charts, notes and the same as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True)
class Table:
    """A table of texts, already rounded for a reader.

    Columns whose name is in `numbers` are aligned to the right.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Series:
    """Points of one kind in a chart.

    `x` has numbers, or names for bars. A band fills the space between `y` and `y_high`.
    """

    name: str
    x: tuple[float, ...] | tuple[str, ...]
    y: tuple[float, ...]
    style: Literal["line", "dashes", "points", "bars", "band"] = "line"
    y_high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A labelled line through a chart, at a value of one of its axes."""

    axis: Literal["x", "y"]
    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """A picture as data; `name` is its id in a page, `alt` says in a sentence what it shows."""

    name: str
    title: str
    alt: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    marks: tuple[Mark, ...] = ()
    x_log: bool = False
    y_log: bool = False


@dataclass(frozen=True)
class Answer:
    """The answer of one command.

    `lead` is the conclusion, in one or two sentences. `notes` say what is assumed, estimated or out of date.
    `data` has the figures unrounded, with units in the names of the keys; it is what `--json` prints.
    """

    title: str
    lead: str
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    data: Mapping[str, Json] = field(default_factory=dict)
