"""What numbers of a sentence count, and the photo numbers that it names."""

from dataclasses import dataclass, field
from typing import Literal

from services.core.narrative.senses import Role, Term

# The highest score.
FULL = 10
Counted = Literal[
    "open",
    "score",
    "ten",
    "other score",
    "points lost",
    "photos",
    "marks",
    "mark",
    "pair",
    "things",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Count:
    """A number and what it counts; `least`: it says so many or more, "several"."""

    of: Counted
    number: int
    word: str
    group: int
    least: bool = False


@dataclass(slots=True)
class Numbers:
    """The counts of a sentence; the photo numbers by the ids of the words that name them."""

    counts: list[Count] = field(default_factory=list)
    photos: dict[int, frozenset[str]] = field(default_factory=dict)
    all_photos: set[int] = field(default_factory=set)
    # The words that count in full, after "only", and those that deny another score, "not a 10".
    exact: set[int] = field(default_factory=set)
    denials: set[int] = field(default_factory=set)
    met_photo: bool = False


def value_of(term: Term, *roles: Role) -> int | None:
    """The number that a term is, by digits or as a word of these roles."""
    if term.text.isdecimal() and len(term.text) <= 4:
        return int(term.text)
    values = {int(value) for role in roles for value in term.values(role)}
    return min(values) if values else None
