"""What a sentence presumes of wear without stating it: by a question, a double negation, or a comparison."""

from collections import Counter
from collections.abc import Iterator, Sequence

from services.core.domain.report import Wear
from services.core.narrative.clauses import NEGATIONS, Group, Polarity, Word, names_wear
from services.core.narrative.mentions import Mention
from services.core.narrative.senses import Role, Rule, Violation

_DETAILS = (Role.PHOTO, Role.PLACE, Role.SEVERITY)


def presumed(
    groups: Sequence[Group], mentions: Sequence[Mention], marks: Sequence[Wear]
) -> Iterator[Violation]:
    """The rules that a sentence breaks by what it presumes."""
    for mention in mentions:
        group = groups[mention.group]
        on_record = mention.general or any(mark.tag in mention.tags for mark in marks)
        asked = mention.said is Polarity.SOUGHT and group.ends == "?"
        hides = mention.said is Polarity.DENIED and not mention.general and _is_definite(group, mention)
        # "No other stain" presumes one more, of which there is none.
        before = list(group)[max(0, mention.at - 2) : mention.at]
        other = mention.said is Polarity.DENIED and any(word.term.has(Role.OTHER) for word in before)
        hides = hides or (other and not mention.general)
        unanswered = asked and group.has(Role.DOUBTING) and mention.group == len(groups) - 1
        # "Dirty? No dirt was seen."
        asked = asked and not any(
            m.group > mention.group
            and m.tags == mention.tags
            and m.said in (Polarity.DENIED, Polarity.UNJUDGED)
            for m in mentions
        )
        asked = asked and not (mention.group and groups[mention.group - 1].unjudged)
        if unanswered or ((asked or hides) and not on_record):
            yield Violation(Rule.WEAR, mention.word)
    for group in groups:
        yield from _negated_twice(group)
    stated = [mention for mention in mentions if mention.said is Polarity.STATED and not mention.general]
    yield from _named_twice(groups, stated, marks)
    yield from _compared(groups, stated)
    yield from _placed(groups, stated)
    yield from _together(groups, stated, marks)


def _is_definite(group: Group, mention: Mention) -> bool:
    """Whether a wear is spoken of as there: "the scratch is not in the photos", but not "no scratch"."""
    before = [word.term for word in list(group)[max(0, mention.at - 2) : mention.at]]
    listed = any(segment.link is not None and segment.link.has(Role.NOR) for segment in group.segments)
    noun = list(group)[mention.at].term
    own = any(term.has(Role.NO, Role.NOTHING) for term in before) and not group.denied
    if not before or listed or own:
        return False
    if group.has(Role.SEEK, Role.FREE) or noun.has(Role.PART, Role.STATE) or len(mention.places) > 1:
        return False
    return before[-1].has(Role.DEFINITE)


def _negated_twice(group: Group) -> Iterator[Violation]:
    """A negation of "without" states the wear: "not without a scratch"."""
    negated = False
    if group.unjudged:
        return
    for word in group:
        if names_wear(word):
            negated = False
        elif negated and word.term.has(Role.WITHOUT):
            yield Violation(Rule.WEAR, word.term.text)
        negated = negated or word.term.has(*NEGATIONS)


def _named_twice(
    groups: Sequence[Group], stated: Sequence[Mention], marks: Sequence[Wear]
) -> Iterator[Violation]:
    """One mark as two, by two of its names: "a scratch and a scrape"; "the scratch" takes one up again."""
    there = Counter(mark.tag for mark in marks)
    for number, mention in enumerate(stated):
        before = list(groups[mention.group])[max(0, mention.at - 2) : mention.at]
        tags = [tag for tag in mention.tags if there[tag]]
        if len(tags) != 1 or any(word.term.has(Role.DEFINITE, Role.JOINING) for word in before):
            continue
        same = [other for other in stated[:number] if other.group == mention.group and tags[0] in other.tags]
        link = groups[mention.group].segments[mention.segment].link
        apart = [other for other in same if other.segment != mention.segment and other.word != mention.word]
        if len(apart) >= there[tags[0]] and link is not None and not link.has(Role.OR):
            yield Violation(Rule.COUNT, mention.word)


def _compared(groups: Sequence[Group], stated: Sequence[Mention]) -> Iterator[Violation]:
    """Two marks compared, where a detail could be of either: "the dent, like the scratch, is slight"."""
    if len({tag for mention in stated for tag in mention.tags}) < 2:
        return
    words: list[Word] = [word for group in groups for word in group]
    links = [segment.link for group in groups for segment in group.segments if segment.link is not None]
    alike = next((term for term in (*(word.term for word in words), *links) if term.has(Role.ALIKE)), None)
    if alike is not None and any(word.term.has(*_DETAILS) for word in words):
        yield Violation(Rule.PLACE, alike.text)


def _placed(groups: Sequence[Group], stated: Sequence[Mention]) -> Iterator[Violation]:
    """A mark at another mark, or within the goods: no assessment tells it: "the dent is in the stain"."""
    for number, group in enumerate(groups):
        words = list(group)
        mine = [mention for mention in stated if mention.group == number]
        for at, word in enumerate(words):
            beside_it = [m for m in mine if m.segment == group.locate(at)[0]]
            before = [m for m in beside_it if m.at < at]
            after = [m for m in beside_it if at < m.at <= at + 3]
            if not before:
                continue
            beside = word.term.has(Role.AWAY, Role.ALIKE) or word.term.text in _AT
            inside = word.term.has(Role.WITHIN) and any(
                each.term.has(Role.KIND) for each in words[at + 1 : at + 3]
            )
            if (beside and after and not set(before[-1].places) & set(after[0].places)) or inside:
                yield Violation(Rule.PLACE, word.term.text)


_AT = frozenset({"au", "touche la", "touche le", "touche l'", "touche"})


def _together(
    groups: Sequence[Group], stated: Sequence[Mention], marks: Sequence[Wear]
) -> Iterator[Violation]:
    """Marks of several photos said to be on one: "in this photo, the scratch and the worn corner"."""
    photos = [{mark.photo for mark in marks if mark.tag in mention.tags} for mention in stated]
    if len(photos) < 2 or set.intersection(*photos):
        return
    for group in groups:
        for word in group:
            if word.term.has(Role.TOGETHER):
                yield Violation(Rule.PHOTO, word.term.text)
