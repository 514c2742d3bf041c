"""The wear that a sentence mentions, as the reading states, denies or leaves it open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.core.narrative.reading import Group, Polarity, Word
from services.core.narrative.senses import ANY, ANYTHING, Role


@dataclass(frozen=True, slots=True)
class Mention:
    """One wear of a sentence. `tags` are the kinds that its words can mean; ANY and ANYTHING among them."""

    tags: frozenset[str]
    said: Polarity
    plural: bool
    excepted: bool
    group: int
    segment: int
    at: int
    word: str

    @property
    def general(self) -> bool:
        """Whether it is any wear, "marks"."""
        return not self.tags.isdisjoint({ANY, ANYTHING})


def mentions(groups: Sequence[Group]) -> tuple[list[Mention], frozenset[int]]:
    """The mentions in their order, and the ids of the words that form them."""
    found: list[Mention] = []
    used: set[int] = set()
    for number, group in enumerate(groups):
        for mention, words in _of_group(group, number):
            found.append(mention)
            used.update(map(id, words))
    return sorted(found, key=lambda mention: (mention.group, mention.at)), frozenset(used)


def _of_group(group: Group, number: int) -> Iterator[tuple[Mention, Sequence[Word]]]:
    places = [
        (at, segment, word)
        for at, (segment, word) in enumerate(
            (segment, word) for segment, each in enumerate(group.segments) for word in each.words
        )
    ]
    taken: set[int] = set()
    for at, segment, word in places:
        for _, beside, other in sorted(places, key=lambda place: abs(place[0] - at)):
            tags = word.term.values(Role.PART) & other.term.values(Role.STATE)
            free = word is not other and id(other) not in taken and id(word) not in taken
            if tags and free and (beside == segment or len(group.segments) > 1):
                taken |= {id(word), id(other)}
                said = other.said if word.said is Polarity.STATED else word.said
                plural = any(sense.plural for sense in word.term.senses if sense.role is Role.PART)
                excepted = word.excepted or other.excepted
                text = f"{word.term.text} {other.term.text}"
                yield Mention(tags, said, plural, excepted, number, segment, at, text), (word, other)
                break
    for at, segment, word in places:
        # "The sole could not be judged."
        open_part = word.term.values(Role.PART) if group.unjudged and id(word) not in taken else None
        if open_part:
            taken.add(id(word))
            yield Mention(open_part, word.said, False, word.excepted, number, segment, at, word.term.text), (word,)
        senses = [sense for sense in word.term.senses if sense.role is Role.WEAR]
        if senses and id(word) not in taken:
            tags = frozenset(sense.value for sense in senses)
            plural = all(sense.plural for sense in senses)
            yield (
                Mention(tags, word.said, plural, word.excepted, number, segment, at, word.term.text),
                (word,),
            )
