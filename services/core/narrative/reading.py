"""Reads each wear of a sentence as stated, denied or left open.

A verb's negation denies all wear of its group, "no" denies the list that follows it, "apart from" states what
follows, and "could not be judged" leaves open.
"""

from collections.abc import Sequence
from itertools import pairwise

from services.core.narrative.clauses import (
    LINKS,
    NEGATIONS,
    Group,
    Polarity,
    Segment,
    Word,
    clauses_of,
    groups_of,
    names_wear,
    segments_of,
)
from services.core.narrative.denials import is_judging, is_than
from services.core.narrative.seeking import deny_fronted, seeks
from services.core.narrative.senses import Role, Term

# What can be unknown of goods, other than their condition.
# The parts that these say cannot be seen are not judged.
_SEEING = frozenset({"seen", "shown", "see", "visible", "photographed", "in view", "in sight", "make out"})
_WITHIN = (Role.ARTICLE, Role.KIND, Role.REFERRING, Role.MATERIAL, Role.COLOUR)
_LOOKS = frozenset({"kind", "material", "colour", "pattern"})


def read(terms: Sequence[Term]) -> list[Group]:
    """The groups of a sentence in their order."""
    groups: list[Group] = []
    for clause, ends in clauses_of(terms):
        first = len(groups)
        for group in groups_of(segments_of(clause)):
            group.ends = ends
            before = groups[-1] if groups else None
            _polarity(group, groups)
            if before is not None and first == len(groups):
                _look_ahead(before, group)
            groups.append(group)
        _open_questions(groups[first:])
    return groups


def _polarity(group: Group, earlier: Sequence[Group]) -> None:
    before = earlier[-1] if earlier else None
    link = group.segments[0].link
    nor = link is not None and link.has(Role.NOR)
    negated = group.has(Role.NOT)
    topics = {topic for word in group for topic in word.term.values(Role.TOPIC)}
    looks = not topics.isdisjoint(_LOOKS) and not any(map(names_wear, group))
    # "It is unclear whether it has a chip or whether it is cracked."
    goes_on = link is not None and link.has(Role.OR, Role.NOR) and before is not None and before.unjudged
    judging = any(map(is_judging, group.segments)) or any(map(_is_unchecked, group.segments))
    # "I could not see whether a part is missing."
    asked = [n for n, word in enumerate(group) if word.term.text == "whether"]
    # "The contacts could not be seen."
    bare = group.has(Role.PART) and not group.has(Role.WEAR, Role.STATE)
    judging = judging or (bare and any(word.term.text in _SEEING for word in group))
    judging = judging or (bool(asked) and any(map(names_wear, list(group)[asked[0] :])))
    opens = [word.term for word in group if word.term.has(Role.UNJUDGED)]
    # "None of the seams is open."
    parts = {tag for word in group for tag in word.term.values(Role.PART)}
    opens = [term for term in opens if parts.isdisjoint(term.values(Role.STATE))]
    # "None of that could be judged", but "no chip could be confirmed" is not read.
    nothing = judging and group.has(Role.NO, Role.NOTHING) and not any(map(names_wear, group))
    # « Qu'une pièce manque ou soit tordue » : the verb after "or" has the subject and the negation before it.
    carried = link is not None and link.has(Role.OR) and before is not None and before.denied
    carried = carried and group.segments[0].words[0].term.has(Role.VERB)
    group.unjudged = bool(opens) or ((negated or nor) and (looks or judging)) or nothing or goes_on
    group.denied = (negated or nor or carried) and not group.unjudged
    if group.unjudged:
        _leave_open(group)
    elif group.denied:
        _deny(group)
    elif group.has(Role.SEEK) or seeks(group) or group.ends == "?":
        _say(group, Polarity.SOUGHT)
    _free(group)
    if not group.unjudged:
        _lists(group)
    deny_fronted(group)
    if (group.has(Role.SEEK) or seeks(group)) and group.has(Role.NO, Role.NOTHING):
        # "Cracks were looked for without being found."
        for word in group:
            word.said = Polarity.DENIED if word.said is Polarity.SOUGHT else word.said
    _exceptions(group)
    if not any(map(names_wear, group)):
        for question in reversed(earlier):
            _look_back(group, question)
            if question.ends != "?":
                break


def _look_back(group: Group, before: Group) -> None:
    """A group without wear speaks of the wear before it: "cracks and chips: not judged", "none was found".

    An answer to a question that neither denies nor leaves open says yes: "is it scratched? Look at photo 2."
    """
    denied = not group.unjudged and (group.denied or group.has(Role.NO, Role.NOTHING))
    fragment = not before.has(Role.VERB) and before.ends in (group.ends, ":", "?", "–", "—", "-")
    fragment = fragment and not group.has(Role.TOPIC)
    for word in (word for word in before if not word.excepted):
        if group.unjudged and (fragment or word.said is Polarity.SOUGHT):
            word.said = Polarity.UNJUDGED
        elif (
            denied
            and not before.unjudged
            and not group.unjudged
            and (fragment or word.said is Polarity.SOUGHT)
        ):
            word.said = Polarity.DENIED
        elif before.ends == "?" and word.said is Polarity.SOUGHT and group.segments:
            word.said = Polarity.STATED
    before.unjudged = before.unjudged or (group.unjudged and fragment and any(map(names_wear, before)))


def _is_unchecked(segment: Segment) -> bool:
    """ "Could not be checked", but not "I checked it and could not find a chip"."""
    denied = False
    for word in segment.words:
        denied = denied or word.term.has(Role.NOT)
        if denied and word.term.has(Role.INSPECTED):
            return True
    return False


def _leave_open(group: Group) -> None:
    """Leave the wear of a group open; a title's "a dent, not graded" leaves open its condition alone."""
    marked = [segment for segment in group.segments if segment.has(Role.UNJUDGED, Role.JUDGING)]
    listed = len(group.segments) > 1 and not group.has(Role.VERB) and len(marked) == 1
    alone = listed and not any(map(names_wear, marked[0].words)) and marked[0].has(Role.TOPIC, Role.POINTS)
    for segment in marked if alone else group.segments:
        for word in segment.words:
            word.said = Polarity.UNJUDGED


def _look_ahead(before: Group, group: Group) -> None:
    """A list after a colon is said to be what stands before it: "still unclear: mould and the zip"."""
    opens = before.ends in (":", "(", "–", "—") and not any(map(names_wear, before))
    if not opens or group.has(Role.VERB, *NEGATIONS) or not any(map(names_wear, group)):
        return
    words = list(before)
    if before.unjudged:
        group.unjudged = True
        _say(group, Polarity.UNJUDGED)
    elif (
        before.denied
        and not before.has(Role.OTHER)
        and (words[0].term.has(Role.NOT, Role.SEEK) or words[0].term.text == "what")
    ):
        _say(group, Polarity.DENIED)


def _open_questions(groups: Sequence[Group]) -> None:
    """The first of several open questions: "whether it is torn and whether it is cracked is unclear"."""
    for group, after in pairwise(groups):
        first = group.segments[0].words[0].term
        asks = first.has(Role.WHETHER) or first.text == "if"
        link = after.segments[0].link
        goes_on = after.has(Role.WHETHER) or (link is not None and link.has(Role.OR))
        if asks and goes_on and after.unjudged and not group.has(*NEGATIONS):
            group.unjudged = True
            _say(group, Polarity.UNJUDGED)


def _deny(group: Group) -> None:
    """Deny the wear of a group; in "stained, not cracked" that after the negation."""
    first = next((n for n, segment in enumerate(group.segments) if segment.has(Role.NOT)), 0)
    words, link = group.segments[first].words, group.segments[first].link
    negation = next((n for n, word in enumerate(words) if word.term.has(Role.NOT)), 0)
    own = any(map(names_wear, words[negation:])) and not any(map(names_wear, words[:negation]))
    # "Chipped, not cracked, stained" could say either of the last.
    more = any(
        any(map(names_wear, segment.words))
        and not segment.has(Role.NOT)
        and (segment.link is None or not segment.link.has(*LINKS))
        for segment in group.segments[first + 1 :]
    )
    if not own or more or (link is not None and link.has(*LINKS)):
        first = 0
    for segment in group.segments[first:]:
        for word in segment.words:
            word.said = Polarity.DENIED


def _say(group: Group, said: Polarity) -> None:
    for word in group:
        word.said = said


def _free(group: Group) -> None:
    words = list(group)
    absent = next((at for at, word in enumerate(words) if word.term.has(Role.FREE)), 0)
    if not group.has(Role.PART):
        # « Les taches sont absentes », but « une pièce est absente ».
        for word in words[:absent]:
            word.said = Polarity.DENIED if word.term.has(Role.WEAR) else word.said
    for segment in group.segments:
        for word, following in zip(segment.words, segment.words[1:], strict=False):
            if following.term.has(Role.FREE) and names_wear(word):
                word.said = Polarity.DENIED


def _lists(group: Group) -> None:
    """Deny what follows "no": the first wear, and the list that it begins.

    An article ends the list, "no dents and a scratch", unless "or" joins it: "without a dent or a scratch".
    """
    goes_on = [Role.JOINING, Role.OTHER, Role.SEVERITY]
    if any(segment.link is not None and segment.link.has(Role.OR) for segment in group.segments):
        goes_on.append(Role.ARTICLE)
    active = met = False
    joined = any(segment.link is not None and segment.link.has(*LINKS[1:]) for segment in group.segments)
    for number, segment in enumerate(group.segments):
        if active and not met and number and not any(map(names_wear, segment.words)):
            active = False
        # « Sans rouille, fissure importante ».
        listed = segment.link is not None and segment.link.has(Role.AND, Role.OR, Role.NOR)
        if active and met and not listed and segment.words[-1].term.has(Role.SEVERITY):
            active = False
        if segment.link is not None and segment.link.has(Role.NOR):
            active, met = True, False
        within = False
        for word in segment.words:
            # "No part of the chair is bent or missing."
            within = active and met and (word.term.text == "of" or (within and word.term.has(*_WITHIN)))
            if within:
                continue
            if word.term.has(Role.NO, Role.NOTHING):
                # "Not a 10, because of the chip."
                active, met = not segment.words[-1].term.text.isdecimal(), False
            elif active and names_wear(word):
                word.said, met = Polarity.DENIED, True
            elif active and met and joined and word.term.has(Role.VERB):
                _deny_predicates(group, word)
                active = False
            elif (active and met and not word.term.has(*goes_on)) or (
                active and not met and word.term.has(Role.EXCEPT)
            ):
                active = False


def _deny_predicates(group: Group, verb: Word) -> None:
    """Deny the states that "or" joins after the verb: "no string is missing or broken"."""
    words = list(group)
    firsts = {id(segment.words[0]) for segment in group.segments}
    at = next(at for at, word in enumerate(words) if word is verb)
    for before, word in zip(words[at:], words[at + 1 :], strict=False):
        if not names_wear(word) or not (before.term.has(Role.VERB) or id(word) in firsts):
            return
        word.said = Polarity.DENIED


def _exceptions(group: Group) -> None:
    words = list(group)
    aside = next((at for at, word in enumerate(words) if word.term.has(Role.ASIDE)), 0)
    for word in words[:aside]:
        if names_wear(word) and not group.unjudged:
            word.said, word.excepted = Polarity.STATED, True
    active = False
    for segment in group.segments:
        ends = segment.has(Role.VERB, Role.NO, Role.NOTHING) and not segment.has(Role.EXCEPT)
        joined = segment.link is not None and segment.link.has(Role.AND)
        if ends and not (joined and not segment.has(Role.NO, Role.NOTHING)):
            active = False
        for at, word in enumerate(segment.words):
            if ends and word.term.has(Role.VERB, Role.NOT):
                active = False
            elif word.term.has(Role.EXCEPT) or is_than(segment, at):
                active = True
            elif active and word.term.has(*NEGATIONS):
                # "Apart from a chip the mug shows no marks."
                active = False
            elif active:
                word.said, word.excepted = Polarity.STATED, True
