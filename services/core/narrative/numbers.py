"""The numbers of a sentence: the score, photo numbers, and how many photos and marks it counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.core.narrative.reading import Group, Word
from services.core.narrative.senses import ANY, Role, Term

Counted = Literal["score", "photos", "marks", "mark", "pair", "unknown"]


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
    met_photo: bool = False


def read_numbers(groups: Sequence[Group]) -> Numbers:
    """What the numbers of a sentence count. A number that counts nothing known is `unknown`."""
    numbers = Numbers()
    for at, group in enumerate(groups):
        _GroupNumbers(group, at, numbers).read()
    return numbers


def value_of(term: Term, *roles: Role) -> int | None:
    """The number that a term is, by digits or as a word of these roles."""
    if term.text.isdecimal() and len(term.text) <= 4:
        return int(term.text)
    values = {int(value) for role in roles for value in term.values(role)}
    return min(values) if values else None


class _GroupNumbers:
    def __init__(self, group: Group, at: int, numbers: Numbers) -> None:
        self._words = list(group)
        self._group, self._numbers = at, numbers
        self._firsts = {id(segment.words[0]) for segment in group.segments}
        self._done: set[int] = set()

    def read(self) -> None:
        for at, word in enumerate(self._words):
            if at in self._done:
                continue
            if word.term.has(Role.PHOTO):
                self._numbers.met_photo = True
                self._after_photo(at)
            elif word.term.has(Role.ALL, Role.BOTH) and self._counts_photos(at):
                self._numbers.all_photos.add(id(word))
            number = value_of(word.term, Role.NUMBER, Role.ORDINAL, Role.QUANTITY)
            number = 2 if word.term.has(Role.BOTH) else number
            if number is not None and at not in self._done:
                self._number(at, word.term, number)

    def _ahead(self, at: int, *roles: Role) -> bool:
        return any(word.term.has(*roles) for word in self._words[at + 1 : at + 4])

    def _counts_photos(self, at: int) -> bool:
        """Whether the noun after "all the three" or "the second of the four" is a photo."""
        ahead = (word.term for word in self._words[at + 1 : at + 5])
        return next((t.has(Role.PHOTO) for t in ahead if not t.has(Role.ARTICLE, Role.NUMBER)), False)

    def _is_photo(self, at: int) -> bool:
        """Whether an ordinal without a noun is a photo: "a chip in the third photo, a dent in the first"."""
        alone = at + 1 == len(self._words) or id(self._words[at + 1]) in self._firsts
        return alone and self._numbers.met_photo

    def _follows(self, at: int, role: Role) -> bool:
        return any(word.term.has(role) for word in self._words[at + 1 : at + 2])

    def _after_photo(self, at: int) -> None:
        """Numbers after "photo": "photo 2", "photos 1 and 3", "photo no. 2"."""
        named: list[Word] = []
        for ahead in range(at + 1, len(self._words)):
            word = self._words[ahead]
            number = value_of(word.term, Role.NUMBER)
            if number is None:
                if not word.term.has(Role.NUMBER_SIGN):
                    break
                continue
            # "4 photos, 1 scratch" and "photo 2, one chip" name no further photo.
            counts = self._ahead(ahead, Role.WEAR, Role.PART) and not self._follows(ahead, Role.VERB)
            if id(word) in self._firsts and (not named or counts):
                break
            named.append(word)
            self._done.add(ahead)
        values = frozenset(str(value_of(word.term, Role.NUMBER)) for word in named)
        if named:
            self._numbers.photos[id(named[0])] = values

    def _count(self, of: Counted, number: int, term: Term) -> None:
        least = term.has(Role.QUANTITY)
        self._numbers.counts.append(Count(of, number, term.text, self._group, least))

    def _number(self, at: int, term: Term, number: int) -> None:
        beyond = [n for n, word in enumerate(self._words) if n > at and id(word) in self._firsts]
        end = min([at + 6, *beyond])
        ahead = [word.term for word in self._words[at + 1 : end]]
        if term.has(Role.ORDINAL):
            if self._counts_photos(at) or self._is_photo(at):
                self._numbers.photos[id(self._words[at])] = frozenset({str(number)})
            else:
                self._count("unknown", number, term)
            return None
        if self._is_score(at, ahead):
            self._count("score", number, term)
            return None
        for other in ahead:
            if other.has(Role.PHOTO):
                return self._count("photos", number, term)
            if other.has(Role.WEAR, Role.PART, Role.STATE):
                if ANY not in other.values(Role.WEAR):
                    # "Both a chip and a crack" counts neither.
                    # « Zéro tache » denies.
                    return None if term.has(Role.BOTH, Role.NO) else self._count("mark", number, term)
                return self._count("marks", number, term)
            # "One can see some wear" and "one of the marks" count nothing.
            if term.has(Role.ARTICLE) and other.has(Role.VERB, Role.OUT_OF):
                return None
            if other.has(Role.KIND):
                return None if term.has(Role.ARTICLE) else self._count("pair", number, term)
            if value_of(other, Role.NUMBER) is not None or other.has(Role.CLAIM):
                break
        if not term.has(Role.ARTICLE, Role.BOTH):
            self._count("unknown", number, term)
        return None

    def _is_score(self, at: int, ahead: Sequence[Term]) -> bool:
        """Whether a number is a score: "8 out of 10", "8 points of ten", "a score of 8", "rated 8"."""
        rest = list(ahead[1:] if ahead and ahead[0].has(Role.POINTS) else ahead)
        points = len(rest) < len(ahead)
        if len(rest) > 1 and rest[0].has(Role.OUT_OF) and value_of(rest[1], Role.NUMBER) == 10:
            end = at + 2 + points
            self._done |= {end}
            return True
        if points:
            return True
        if any(term.has(Role.WEAR, Role.PART) for term in ahead[:2]):
            return False
        for word in reversed(self._words[max(0, at - 4) : at]):
            if word.term.has(Role.POINTS):
                return not (ahead and ahead[0].has(Role.PHOTO))
            if word.term.has(Role.PHOTO, Role.WEAR, Role.KIND):
                return False
        return False
