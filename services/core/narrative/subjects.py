"""What a colour, a material or a grade is said of: the goods, or a wear, a part or a material of theirs."""

from collections.abc import Collection, Sequence

from services.core.narrative.clauses import Group, Polarity, Segment, Word
from services.core.narrative.senses import ANYTHING, Role

_SAID = (Role.KIND, Role.WEAR, Role.PART, Role.MATERIAL)


def is_colour(at: int, group: Group, groups: Sequence[Group]) -> bool:
    """Whether a name of a colour and a thing is the colour: "un vase turquoise", but not "une turquoise"."""
    number, place = group.locate(at)
    segment = group.segments[number]
    terms = [word.term for each in groups for word in each]
    if any("colour" in term.values(Role.TOPIC) or "couleur" in term.text for term in terms):
        return True
    if place > 0:
        before = segment.words[place - 1].term
        return (
            not before.has(Role.ARTICLE, Role.JOINING, Role.AWAY, Role.DEFINITE)
            and before.text not in _BEFORE
        )
    alone = len(segment.words) == 1
    return number > 0 and alone and segment.link is not None and not segment.link.has(Role.AND)


# A thing that a colour could also be the name of follows these.
_BEFORE = frozenset({"en", "à", "à la", "au", "aux", "avec"})


def is_of_wear(at: int, group: Group, wear: Collection[int]) -> bool:
    """Whether a word describes the wear of its segment: "the stain is grey", "a stain of grey colour"."""
    number, place = group.locate(at)
    before = group.segments[number].words[:place]
    if any(word.term.has(Role.KIND, Role.AWAY) for word in before):
        return False
    if group.segments[number].words[place].term.has(Role.MATERIAL) and _is_whole(before):
        return False
    stated = (word for word in before if id(word) in wear and word.said is Polarity.STATED)
    return any(ANYTHING not in word.term.values(Role.WEAR) for word in stated)


def _is_whole(before: Sequence[Word]) -> bool:
    """Whether what follows is all of a material: « décoloration du velours », « fissure de la pierre »."""
    texts = [word.term.text for word in before[-2:]]
    return texts[-1:] == ["du"] or texts in (["de", "la"], ["de", "l'"])


def is_of_pattern(at: int, group: Group) -> bool:
    """Whether a colour is that of a pattern: "red flowers", "the pattern is red"."""
    number, place = group.locate(at)
    before = [word.term for word in group.segments[number].words[:place]]
    if not before:
        return False
    if before[-1].has(Role.PATTERN):
        # « Robe à fleurs rouge » : the dress is, by its number.
        plural = list(group)[at].term.text.endswith("s") and before[-1].text.endswith("s")
        return plural and not before[-1].has(Role.KIND, Role.COLOUR, Role.MATERIAL)
    named = [
        term for term in before if term.has(Role.KIND, Role.PATTERN) or "pattern" in term.values(Role.TOPIC)
    ]
    return bool(named) and not any(term.has(Role.KIND) for term in named) and before[0].has(Role.DEFINITE)


def is_of_part(at: int, group: Group) -> bool:
    """Whether a grade is of a material or a wear: "the leather is in good condition", not of the goods."""
    number, place = group.locate(at)
    segment = group.segments[number]
    subject = next((n for n, w in enumerate(segment.words[:place]) if w.term.has(*_SAID)), None)
    if subject is not None and _is_subject(segment, subject):
        return True
    after = [word.term for word in segment.words[place + 1 : place + 4]]
    while after and after[0].has(Role.ARTICLE, Role.JOINING):
        after = after[1:]
        if after and after[0].has(Role.MATERIAL, Role.WEAR) and not after[0].has(Role.KIND):
            return True
    return False


def _is_subject(segment: Segment, at: int) -> bool:
    """Whether a wear or material begins its segment, by itself or after an article."""
    words: Sequence[Word] = segment.words
    if words[at].term.has(Role.KIND) or not words[at].term.has(Role.MATERIAL, Role.WEAR, Role.PART):
        return False
    before = words[:at]
    if not before:
        verb = any(word.term.has(Role.VERB) for word in words[1:])
        noun = words[0].term.has(Role.MATERIAL) and not words[0].term.text.startswith(("en ", "de "))
        return verb or (noun and not any(word.term.has(Role.KIND) for word in words))
    return all(word.term.has(Role.DEFINITE) for word in before)
