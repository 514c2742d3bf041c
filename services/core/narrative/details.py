"""The severity, place and photo that a sentence states, and the wear that each belongs to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.core.domain.report import Wear
from services.core.narrative.clauses import LINKS, Group, Polarity, Segment, Word
from services.core.narrative.mentions import Mention
from services.core.narrative.senses import Role, Rule

# The rule that a detail of each role breaks if it is wrong.
RULES = {Role.PHOTO: Rule.PHOTO, Role.PLACE: Rule.PLACE, Role.SEVERITY: Rule.SEVERITY}


@dataclass(frozen=True, slots=True)
class Detail:
    """A severity, place or photo; `values` are its readings, of photos all that are named together.

    `of` is empty where no wear is named; `alone` says that it stands before no wear, "a light item".
    """

    role: Role
    values: frozenset[str]
    word: str
    of: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    group: int
    segment: int
    at: int
    photos: Collection[int] = ()

    def parts(self, segment: Segment) -> bool:
        """Whether a segment has a photo or place of its own."""
        return segment.has(Role.PHOTO, Role.PLACE) or any(id(word) in self.photos for word in segment.words)


def shows(wear: Wear, detail: Detail) -> bool:
    """Whether a mark is as the detail says."""
    if detail.role is Role.PHOTO:
        return str(wear.photo) in detail.values
    if detail.role is Role.SEVERITY:
        return wear.severity is not None and wear.severity.value in detail.values
    place = wear.place.value if wear.place else ""
    return any(value == place or value in place.split("_") for value in detail.values)


def details(
    groups: Sequence[Group],
    found: Sequence[Mention],
    photos: Mapping[int, frozenset[str]],
    skipped: Collection[int],
) -> list[Detail]:
    """The details of a sentence.

    `photos` are the photo numbers by the ids of the words that name them; a part of a wear's name, whose id
    is `skipped`, is no place.
    """
    named = [mention for mention in found if mention.said in (Polarity.STATED, Polarity.DENIED)]
    return [
        detail
        for number, group in enumerate(groups)
        for detail in _of_group(group, number, named, groups, photos)
        if detail is not None
        and not (detail.role is Role.PLACE and skipped and _only_part(group, detail, skipped))
    ]


def _only_part(group: Group, detail: Detail, skipped: Collection[int]) -> bool:
    return any(id(word) in skipped and word.term.text == detail.word for word in group)


def _of_group(
    group: Group,
    number: int,
    named: Sequence[Mention],
    groups: Sequence[Group],
    photos: Mapping[int, frozenset[str]],
) -> Iterator[Detail]:
    at = -1
    for segment, each in enumerate(group.segments):
        for place, word in enumerate(each.words):
            at += 1
            spot = _Spot(number, segment, at, photos)
            text = word.term.text
            if id(word) in photos:
                yield Detail(Role.PHOTO, photos[id(word)], text, _owners(spot, named, groups))
            elif word.term.has(Role.PLACE):
                yield Detail(Role.PLACE, word.term.values(Role.PLACE), text, _owners(spot, named, groups))
            elif word.term.has(Role.SEVERITY) and not (place and each.words[place - 1].term.text == "how"):
                following = each.words[place + 1 :]
                of = _beside(following, spot, named, groups) or _before(following, spot, named, groups, text)
                yield Detail(Role.SEVERITY, word.term.values(Role.SEVERITY), text, of)


def _beside(
    following: Sequence[Word], spot: _Spot, named: Sequence[Mention], groups: Sequence[Group]
) -> tuple[Mention, ...]:
    """The wear that a severity stands before, "a slight scratch"."""
    for offset, word in enumerate(following, 1):
        mine = [m for m in named if m.group == spot.group and spot.at + offset in m.places]
        if mine:
            return (*mine, *_shared(spot, mine[-1], named, groups))
        if not word.term.has(Role.SEVERITY, Role.JOINING):
            return ()
    return ()


def _shared(
    spot: _Spot, first: Mention, named: Sequence[Mention], groups: Sequence[Group]
) -> Iterator[Mention]:
    """The wear after "and" that has no article of its own: "a slight chip and crack"."""
    segments = groups[spot.group].segments
    place = sum(len(each.words) for each in segments[: first.segment])
    if not any(each.link is not None and each.link.has(*LINKS) for each in segments[first.segment + 1 :]):
        # "Minor scuff, crease."
        return
    for number in range(first.segment + 1, len(segments)):
        place += len(segments[number - 1].words)
        mine = [m for m in named if m.group == spot.group and m.at == place]
        # "Paint badly chipped, joint loose": a part with its state is described by itself.
        # "A slight chip in photo 1 and fraying in photo 2": what is not counted takes no article.
        apart = segments[first.segment].has(Role.PHOTO) and bool(mine) and _is_mass(mine[0].word)
        if not mine or apart or segments[number].has(Role.SEVERITY) or len(mine[0].places) > 1:
            return
        yield from mine


def _is_mass(word: str) -> bool:
    return word.endswith("ing") or word in {"rust", "dirt", "mould", "wear", "haze", "corrosion"}


def _before(
    following: Sequence[Word], spot: _Spot, named: Sequence[Mention], groups: Sequence[Group], text: str
) -> tuple[Mention, ...]:
    """The wear that a severity stands after, "the chip and the crack are slight"; none before a noun.

    Right after its noun it is of that one alone, unless it is plural: « une tache et un pli légers ».
    """
    goods = (Role.KIND, Role.MATERIAL, Role.COLOUR, Role.PATTERN)
    words = list(groups[spot.group])
    # « Le cuir léger », « la tasse est légère » : of the goods, not of the wear.
    beside = [*words[max(0, spot.at - 1) : spot.at], *following]
    beside = [word for word in beside if not word.term.has(Role.PHOTO, Role.VERB, Role.NUMBER_SIGN)]
    mine = [m for m in named if m.group == spot.group and m.at < spot.at]
    if mine and spot.at - 1 in mine[-1].places:
        # « Un voile important sur l'objectif » : the name of the wear is one of goods as well.
        beside = []
    if any(word.term.has(*goods) for word in beside):
        return ()
    last = [m for m in mine if m.segment == spot.segment]
    segments = groups[spot.group].segments
    own = segments[spot.segment].words
    says = spot.at - sum(len(each.words) for each in segments[: spot.segment])
    verb = any(word.term.has(Role.VERB) for word in own[:says])
    adjacent = bool(last) and spot.at - 1 in last[-1].places
    # "The chip and the crack are slight", « une tache et un pli légers », but « une tache et un pli léger ».
    several = text.endswith("s") if adjacent else verb
    without = [m for m in mine if m.segment < spot.segment and not segments[m.segment].has(Role.SEVERITY)]
    if adjacent and not several:
        return tuple(last[-1:])
    joined = without if several else []
    if last:
        return (*joined, *last)
    named_goods = any(word.term.has(*goods) and not word.term.has(Role.PHOTO) for word in words[: spot.at])
    earlier = [m for m in named if m.group < spot.group and not named_goods]
    return tuple(mine[-1:] or ([] if any(m.group == spot.group for m in named) else earlier[-1:]))


def _owners(spot: _Spot, named: Sequence[Mention], groups: Sequence[Group]) -> tuple[Mention, ...]:
    """The wear of which a photo or place is said."""
    group = groups[spot.group]
    mine = [m for m in named if m.group == spot.group]
    before = [m for m in named if m.group < spot.group]
    earlier = [m for m in mine if m.segment < spot.segment]
    if group.segments[spot.segment].has(Role.BOTH, Role.ALL) and (earlier or before):
        return (*before, *mine)
    if not mine and _shows_goods(group):
        return ()
    if own := [m for m in mine if m.segment == spot.segment]:
        if own[0].at > spot.at:
            return (*own, *_following(spot, mine, groups))
        return (*_undetailed(spot, mine, groups), *own)
    if earlier:
        return tuple(_gap(spot, mine, group)) or tuple(earlier[-1:])
    if mine:
        return (mine[0], *_following(replace(spot, segment=mine[0].segment), mine, groups))
    if before:
        return tuple(m for m in before if m.group == before[-1].group)[-1:]
    after = [m for m in named if m.group > spot.group]
    return tuple(m for m in after if m.group == after[0].group)


def _shows_goods(group: Group) -> bool:
    """Whether photos show the goods themselves: "photos 1 to 3 show the mug"."""
    words = [word.term for word in group]
    photo = next((n for n, term in enumerate(words) if term.has(Role.PHOTO)), len(words))
    verb = next((n for n, term in enumerate(words) if n > photo and term.has(Role.VERB)), len(words))
    goods = any(term.has(Role.KIND) and not term.has(Role.PHOTO) for term in words[verb + 1 :])
    return goods and not any(term.text in {"it", "them", "they"} for term in words)


def _gap(spot: _Spot, mine: Sequence[Mention], group: Group) -> Iterator[Mention]:
    """The wear after a photo that stands for the verb as well: "photo 2 shows a chip, photo 3, a dent"."""
    first, *others = group.segments[: spot.segment + 1]
    shows = next((word.term for word in first.words if word.term.has(Role.PHOTO, Role.WEAR, Role.PART)), None)
    if others and shows is not None and shows.has(Role.PHOTO) and others[-1].has(Role.PHOTO):
        yield from (mention for mention in mine if mention.segment == spot.segment + 1)


def _undetailed(spot: _Spot, mine: Sequence[Mention], groups: Sequence[Group]) -> Iterator[Mention]:
    """The wear of the segments before that have no photo or place: "a chip and a dent in photo 2"."""
    segments = groups[spot.group].segments
    for number in range(spot.segment - 1, -1, -1):
        if spot.parts(segments[number]):
            return
        yield from (mention for mention in mine if mention.segment == number)


def _following(spot: _Spot, mine: Sequence[Mention], groups: Sequence[Group]) -> Iterator[Mention]:
    """The wear of the segments after that have no photo or place: "photo 2 shows a chip and a dent"."""
    segments = groups[spot.group].segments
    for number in range(spot.segment + 1, len(segments)):
        if spot.parts(segments[number]):
            return
        yield from (mention for mention in mine if mention.segment == number)
