"""Words about a list of wear or photos: "all of them", and a part that a list is about."""

from collections.abc import Sequence

from services.core.narrative.clauses import Polarity, Word
from services.core.narrative.mentions import Mention
from services.core.narrative.senses import Role, Sense

_BE = frozenset({"is", "are", "was", "were", "has", "have"})
_SAID = (
    Role.VERB, Role.SEVERITY, Role.SEEK, Role.JUDGING, Role.INSPECTED, Role.UNJUDGED, Role.FREE,
)  # fmt: skip


def is_fronted(part: Sense, number: int, mentions: Sequence[Mention]) -> bool:
    """Whether a part in the group of a number is what a later state is said of: "seams: none seen open"."""
    mine = [mention for mention in mentions if mention.group == number]
    later = [m for m in mentions if m.group == number + 1 and part.value in m.tags]
    return not mine and bool(later)


def sums_up(words: Sequence[Word], at: int, number: int, mentions: Sequence[Mention]) -> bool:
    """Whether "all" is of the wear that the sentence lists: "cracks and chips were all looked for"."""
    of_them = [word.term for word in words[at + 1 : at + 3]]
    if len(of_them) == 2 and of_them[0].has(Role.OUT_OF) and of_them[1].has(Role.REFERRING):
        # "We looked for all of them", "look at each of them".
        looked = bool(mentions) or not any(word.term.text in _BE for word in words)
        return looked and all(mention.said is not Polarity.STATED for mention in mentions)
    listed = any(mention.group == number and mention.at < at for mention in mentions)
    predicate = words[at + 1 : at + 2]
    said = bool(predicate) and predicate[0].term.has(*_SAID)
    return listed and said and at > 0 and words[at - 1].term.has(Role.VERB)
