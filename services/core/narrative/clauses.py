"""A sentence as clauses, groups and segments of terms.

A clause ends at a sign or a word such as "but". Its segments are what "and" and commas separate; segments
that share a verb are one group: "no chips, cracks or dents were seen".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest

from services.core.narrative.senses import Role, Term

_BREAKS = frozenset('.;:!?()–—…"«»“”-')
LINKS = (Role.AND, Role.OR, Role.NOR)
NEGATIONS = (Role.NOT, Role.NO, Role.NOTHING)


class Polarity(Enum):
    """What a text says of a wear."""

    STATED = "stated"
    DENIED = "denied"
    UNJUDGED = "unjudged"
    SOUGHT = "sought"


@dataclass(slots=True)
class Word:
    """A term at its place, and what is said of it if it names wear or a part."""

    term: Term
    said: Polarity = Polarity.STATED
    excepted: bool = False


@dataclass(slots=True)
class Segment:
    """What stands between commas and "and"; `link` is the term before it."""

    words: list[Word] = field(default_factory=list)
    link: Term | None = None

    def has(self, *roles: Role) -> bool:
        """Whether a word has one of the roles."""
        return any(word.term.has(*roles) for word in self.words)


@dataclass(slots=True)
class Group:
    """Segments that share a verb. `ends` is the sign or word that ends its clause."""

    segments: list[Segment]
    ends: str = ""
    unjudged: bool = False
    denied: bool = False

    def __iter__(self) -> Iterator[Word]:
        return (word for segment in self.segments for word in segment.words)

    def has(self, *roles: Role) -> bool:
        """Whether a word has one of the roles."""
        return any(segment.has(*roles) for segment in self.segments)

    def locate(self, at: int) -> tuple[int, int]:
        """The segment of the word at a place, and the word's place in it."""
        for number, segment in enumerate(self.segments):
            if at < len(segment.words):
                return number, at
            at -= len(segment.words)
        raise IndexError(at)

    def denies(self, at: int) -> bool:
        """Whether a word at a place that is not wear is denied: "not ceramic", "no leather"."""
        words = list(self)
        if self.unjudged:
            return False
        for word in reversed(words[:at]):
            if names_wear(word) or word.term.has(Role.EXCEPT, Role.AWAY):
                return False
            if word.term.has(*NEGATIONS):
                return True
        return False


def names_wear(word: Word) -> bool:
    """Whether the word names wear, or a part or state that does."""
    return word.term.has(Role.WEAR, Role.PART, Role.STATE)


def clauses_of(terms: Sequence[Term]) -> Iterator[tuple[list[Term], str]]:
    """The clauses of a sentence, each with the sign or word that ends it."""
    clause: list[Term] = []
    for term, following in zip_longest(terms, terms[1:]):
        score = term.text == ":" and bool(clause) and clause[-1].has(Role.POINTS)
        if score and following is not None and (following.has(Role.NUMBER) or following.text.isdecimal()):
            continue
        aside = term.has(Role.BREAK) and following is not None and following.text == ","
        if aside and clause and clause[-1].text == "," and not any(each.has(Role.VERB) for each in clause):
            # "Scratches, however, could not be judged."
            continue
        if term.text in _BREAKS or term.has(Role.BREAK):
            yield clause, term.text
            # "Otherwise without a mark" excludes the marks before it.
            clause = [term] if term.has(Role.OTHER) else []
        else:
            clause.append(term)
    yield clause, ""


def segments_of(clause: Sequence[Term]) -> list[Segment]:
    """The segments of a clause."""
    found = [Segment()]
    for term in clause:
        if term.text in (",", "&") or term.has(*LINKS):
            if found[-1].words:
                found.append(Segment(link=term))
            elif found[-1].link is None or term.has(*LINKS):
                found[-1].link = term
        else:
            found[-1].words.append(Word(term))
    return [segment for segment in found if segment.words]


def groups_of(segments: Sequence[Segment]) -> Iterator[Group]:
    """The segments of a clause in groups that share a verb."""
    open_: list[Segment] = []
    has_verb = lone = False
    verbless = not any(segment.has(Role.VERB) for segment in segments)
    for segment in segments:
        # « La rouille reste à vérifier, tout comme la bosse ».
        if lone and not (segment.link is not None and segment.link.has(Role.ALIKE)):
            yield Group(open_)
            open_, lone = [], False
        own_verb = segment.has(Role.VERB) and not (open_ and _is_listed(segment))
        if verbless and _stands_apart(segment):
            # « Collier doré, matière inconnue, légère ternissure ».
            if open_:
                yield Group(open_)
            open_, lone = [segment], True
            continue
        if open_ and own_verb and (has_verb or _has_subject(segment)):
            yield Group(open_)
            open_, has_verb = [], False
        open_.append(segment)
        has_verb = has_verb or own_verb
    if open_:
        yield Group(open_)


def _is_listed(segment: Segment) -> bool:
    """Whether the verb is of a clause about the end of a list: "dented or scratched as the photos show"."""
    listed = segment.link is not None and segment.link.has(Role.OR) and names_wear(segment.words[0])
    return listed and len(segment.words) > 1 and not segment.words[1].term.has(Role.VERB)


def _stands_apart(segment: Segment) -> bool:
    """Whether a segment after a comma leaves open what it names itself."""
    joined = segment.link is not None and segment.link.has(*LINKS)
    wear = any(map(names_wear, segment.words))
    # "No claim about scratches, dents or stains" goes on.
    wear = wear and not _opens_list(segment)
    names = segment.has(Role.TOPIC, Role.NUMBER) or wear
    return segment.has(Role.UNJUDGED) and names and not joined


def _opens_list(segment: Segment) -> bool:
    """Whether wear ends a segment after what leaves it open."""
    opens = next((n for n, word in enumerate(segment.words) if word.term.has(Role.UNJUDGED)), 0)
    return any(map(names_wear, segment.words[opens + 1 :]))


def _has_subject(segment: Segment) -> bool:
    """Whether the verb of a segment has a subject of its own, which is not wear; "nor is it" has."""
    inverted = segment.link is not None and segment.link.has(Role.NOR)
    before = [word for word in segment.words if not word.term.has(Role.NOT)]
    opening = [word.term for word in before[:2]]
    # "Photos 1 and 2 show a chip" has one subject.
    numbered = bool(opening) and (opening[0].has(Role.NUMBER) or opening[0].text.isdecimal())
    if numbered and len(opening) > 1 and opening[1].has(Role.VERB):
        return False
    listed = segment.link is not None and segment.link.has(Role.OR, Role.NOR)
    for at, word in enumerate(before):
        if names_wear(word) or (listed and word.term.has(Role.UNTOLD)):
            return False
        if word.term.has(Role.VERB):
            return at == 0 if inverted else at > 0
    return False
