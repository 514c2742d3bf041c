"""The severity, place and photo that a sentence states, and the wear that each belongs to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.core.narrative.mentions import Mention
from services.core.narrative.reading import Group, Polarity, Word
from services.core.narrative.senses import Role


@dataclass(frozen=True, slots=True)
class Detail:
    """A severity, place or photo; `values` are its readings. `of` is empty where no wear is named."""

    role: Role
    values: frozenset[str]
    word: str
    of: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    group: int
    segment: int
    at: int


def details(groups: Sequence[Group], found: Sequence[Mention], photos: Sequence[tuple[Word, int]]) -> list[Detail]:
    """The details of a sentence. `photos` are the words that name a photo, each with its number."""
    named = [mention for mention in found if mention.said in (Polarity.STATED, Polarity.DENIED)]
    numbers = {id(word): number for word, number in photos}
    result: list[Detail] = []
    for number, group in enumerate(groups):
        at = -1
        for segment, each in enumerate(group.segments):
            for place, word in enumerate(each.words):
                at += 1
                spot = _Spot(number, segment, at)
                if id(word) in numbers:
                    of = _owners(spot, named, groups)
                    result.append(Detail(Role.PHOTO, frozenset({str(numbers[id(word)])}), word.term.text, of))
                elif word.term.has(Role.PLACE):
                    result.append(Detail(Role.PLACE, word.term.values(Role.PLACE), word.term.text, _owners(spot, named, groups)))
                elif word.term.has(Role.SEVERITY):
                    of = _beside(each.words[place + 1 :], spot, named) or _before(spot, named)
                    if not of and _follows(each.words[place + 1 :]):
                        of = ()
                    result.append(Detail(Role.SEVERITY, word.term.values(Role.SEVERITY), word.term.text, of))
    return result


def _beside(following: Sequence[Word], spot: _Spot, named: Sequence[Mention]) -> tuple[Mention, ...]:
    """The wear that a severity stands before, "a slight scratch"."""
    for offset, word in enumerate(following, 1):
        mine = [m for m in named if m.group == spot.group and m.at == spot.at + offset]
        if mine:
            return tuple(mine)
        if not word.term.has(Role.SEVERITY, Role.JOINING, Role.STATE):
            return ()
    return ()


def _follows(following: Sequence[Word]) -> bool:
    return any(word.term.has(Role.KIND) for word in following)


def _before(spot: _Spot, named: Sequence[Mention]) -> tuple[Mention, ...]:
    """The wear that a severity stands after, "the chip and the crack are slight"."""
    mine = [m for m in named if m.group == spot.group and m.at < spot.at]
    last = [m for m in mine if m.segment == spot.segment]
    return tuple(last or mine[-1:])


def _owners(spot: _Spot, named: Sequence[Mention], groups: Sequence[Group]) -> tuple[Mention, ...]:
    mine = [m for m in named if m.group == spot.group]
    own = [m for m in mine if m.segment == spot.segment]
    if own:
        first = own[0].at > spot.at
        if first:
            return tuple(own)
        return tuple([*_undetailed(spot, mine, groups), *own])
    earlier = [m for m in mine if m.segment < spot.segment]
    if earlier:
        return tuple(earlier[-1:])
    if mine:
        return tuple(mine)
    before = [m for m in named if m.group < spot.group]
    if before:
        return tuple(m for m in before if m.group == before[-1].group)[-1:]
    after = [m for m in named if m.group > spot.group]
    return tuple(m for m in after if m.group == after[0].group) if after else ()


def _undetailed(spot: _Spot, mine: Sequence[Mention], groups: Sequence[Group]) -> Iterator[Mention]:
    """The wear of the segments before, as far as they have no photo or place: "a chip and a dent in photo 2"."""
    segments = groups[spot.group].segments
    for number in range(spot.segment - 1, -1, -1):
        if segments[number].has(Role.PHOTO, Role.PLACE):
            return
        yield from (mention for mention in mine if mention.segment == number)
