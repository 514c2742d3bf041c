"""The wear that a sentence mentions, as the reading states, denies or leaves it open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.core.narrative.clauses import Group, Polarity, Word
from services.core.narrative.senses import ANY, ANYTHING, MISSING_PART, Role


@dataclass(frozen=True, slots=True)
class Mention:
    """One wear of a sentence. `tags` are the kinds that its words can mean; ANY and ANYTHING among them.

    `places` are its words' places in the group.
    """

    tags: frozenset[str]
    said: Polarity
    plural: bool
    excepted: bool
    group: int
    segment: int
    places: tuple[int, ...]
    word: str

    @property
    def at(self) -> int:
        """The place of its first word in the group."""
        return self.places[0]

    @property
    def general(self) -> bool:
        """Whether it is any wear, "marks"."""
        return not self.tags.isdisjoint({ANY, ANYTHING})


@dataclass(frozen=True, slots=True)
class _Place:
    at: int
    segment: int
    word: Word


def mentions(groups: Sequence[Group]) -> tuple[list[Mention], frozenset[int]]:
    """The mentions in their order, and the ids of the words that form them."""
    found: list[Mention] = []
    used: set[int] = set()
    parts: frozenset[str] = frozenset()
    for number, group in enumerate(groups):
        words = [(segment, word) for segment, each in enumerate(group.segments) for word in each.words]
        places = [_Place(at, segment, word) for at, (segment, word) in enumerate(words)]
        for place in places:
            parts |= place.word.term.values(Role.PART)
        for mention in _of_group(places, number, parts):
            found.append(mention)
            used.update(id(places[at].word) for at in mention.places)
    return sorted(found, key=lambda mention: (mention.group, mention.at)), frozenset(used)


def _of_group(places: Sequence[_Place], group: int, met: frozenset[str]) -> Iterator[Mention]:
    """`met` are the kinds of wear of the parts that the sentence names so far."""
    taken: set[int] = set()
    found: frozenset[str] = frozenset()
    for one, other, tags in _pairs(places):
        if taken.isdisjoint({one.at, other.at}):
            taken |= {one.at, other.at}
            found |= tags
            yield _mention(tags, (one, other), group, Role.PART)
    rest = [place for place in places if place.at not in taken]
    for place in sorted(rest, key=lambda place: not place.word.term.has(Role.STATE)):
        if place.at in taken:
            continue
        parts, states = place.word.term.values(Role.PART), place.word.term.values(Role.STATE)
        named = place.word.term.has(Role.WEAR)
        if MISSING_PART in states and (of := _anything(places, place)):
            # "Nothing is missing", "whether anything is missing".
            taken |= {of.at}
            yield _mention(frozenset({MISSING_PART}), (place, of), group, Role.STATE)
        elif again := states & (found if named else found | met):
            # "A string is missing or broken", "no part is bent, and none is missing".
            yield _mention(again, (place,), group, Role.STATE)
        elif tags := place.word.term.values(Role.WEAR):
            yield _mention(tags, (place,), group, Role.WEAR)
        elif tags := parts if _names_alone(place) else parts & (found | _of_states(places, place)):
            # "No strap nor handle is broken", where two parts share a state.
            yield _mention(tags, (place,), group, Role.PART)


def _names_alone(part: _Place) -> bool:
    """Whether a part means its wear: "the sole could not be judged", "apart from the sole"."""
    return part.word.said is Polarity.UNJUDGED or part.word.excepted


def _of_states(places: Sequence[_Place], part: _Place) -> frozenset[str]:
    """The wear of the states of another part that are denied as well: "no stone is missing and no part".

    « Les fermetures ne sont pas cassées et les sangles non plus. »
    """
    if part.word.said is not Polarity.DENIED:
        return frozenset()
    before = [place.word.term.values(Role.STATE) for place in places if place.at < part.at]
    after = [p.word.term.values(Role.STATE) for p in places[part.at + 1 :] if p.word.said is Polarity.DENIED]
    closes = bool(places) and places[-1].word.term.text == "non plus"
    return next((states for states in (*reversed(before), *(after if closes else ())) if states), frozenset())


def _anything(places: Sequence[_Place], state: _Place) -> _Place | None:
    """The "nothing" or "anything" of which a state is denied, or left open."""
    if state.word.said is Polarity.STATED:
        return None
    # « Il ne manque rien ».
    after = [p for p in places[state.at + 1 : state.at + 2] if p.word.term.has(Role.NOTHING)]
    near = (*reversed(places[max(0, state.at - 6) : state.at]), *after)
    general = (p for p in near if p.word.term.has(Role.NOTHING) or ANYTHING in p.word.term.values(Role.WEAR))
    return next(general, None)


def _pairs(places: Sequence[_Place]) -> list[tuple[_Place, _Place, frozenset[str]]]:
    """Parts with their states, the nearest first: "button" and "missing"."""
    parts = [place for place in places if place.word.term.has(Role.PART)]
    states = [place for place in places if place.word.term.has(Role.STATE, Role.WEAR)]
    found = [
        (part, state, part.word.term.values(Role.PART) & _states(state.word, part.word))
        for part in parts
        for state in states
        if part.at != state.at
    ]
    return sorted((each for each in found if each[2]), key=lambda each: abs(each[0].at - each[1].at))


def _states(state: Word, part: Word) -> frozenset[str]:
    """The wear that a word says of a part: "worn", or a name without the part, "the pages have foxing"."""
    named = set(state.term.text.split()) & set(part.term.text.split())
    names = frozenset() if named else state.term.values(Role.WEAR)
    return state.term.values(Role.STATE) | names


def _mention(tags: frozenset[str], places: Sequence[_Place], group: int, role: Role) -> Mention:
    first = places[0]
    said = next((p.word.said for p in places if p.word.said is not Polarity.STATED), Polarity.STATED)
    return Mention(
        tags,
        said,
        all(sense.plural for sense in first.word.term.senses if sense.role is role),
        any(place.word.excepted for place in places),
        group,
        first.segment,
        tuple(sorted(place.at for place in places)),
        " ".join(place.word.term.text for place in places),
    )
