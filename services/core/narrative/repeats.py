"""Marks that a sentence tells apart, "a mark and a chip": each needs its own on record."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from services.core.domain.report import Wear
from services.core.narrative.clauses import Group, Polarity
from services.core.narrative.counts import Count, Numbers
from services.core.narrative.mentions import Mention
from services.core.narrative.senses import ANYTHING, Role, Rule, Violation

_ONE = frozenset({"a", "an", "one", "another"})
_APART = frozenset({"then", "beside", "besides", "also"})


def repeats(
    found: Sequence[Mention], groups: Sequence[Group], numbers: Numbers, marks: Sequence[Wear]
) -> Iterator[Violation]:
    """More marks with an article of their own than there are, and counts of one kind that are not those."""
    single = [m for m in found if m.said is Polarity.STATED and not m.plural and _has_article(m, groups)]
    for mention in single:
        same = [m for m in single if m.tags == mention.tags]
        if not mention.general and len(same) > len(_of(mention, marks)):
            yield Violation(Rule.COUNT, mention.word)
    for first, second in pairwise(single):
        general = first.general != second.general and ANYTHING not in first.tags | second.tags
        if general and len(marks) < 2 and _apart(first, second, groups):
            yield Violation(Rule.COUNT, second.word)
    for count in numbers.counts:
        if count.of == "mark" and not _counts(count, found, groups, numbers, marks):
            yield Violation(Rule.COUNT, count.word)


def _of(mention: Mention, marks: Sequence[Wear]) -> list[Wear]:
    return [wear for wear in marks if wear.tag in mention.tags]


def _has_article(mention: Mention, groups: Sequence[Group]) -> bool:
    for word in reversed(list(groups[mention.group])[: mention.at]):
        if word.term.text in _ONE:
            return True
        if not word.term.has(Role.SEVERITY, Role.JOINING):
            return False
    return False


def _apart(first: Mention, second: Mention, groups: Sequence[Group]) -> bool:
    """Whether "and" or "then" stands between two marks; "a mark: a chip" is one."""
    group = groups[second.group]
    start = first.segment + 1 if first.group == second.group else 0
    between = group.segments[start : second.segment + 1]
    if any(segment.link is not None and segment.link.has(Role.AND) for segment in between):
        return True
    words = list(group)[: second.at]
    return any(word.term.text in _APART for word in words)


def _counts(
    count: Count, found: Sequence[Mention], groups: Sequence[Group], numbers: Numbers, marks: Sequence[Wear]
) -> bool:
    """Whether as many marks of a kind are on record, on the photos that are named: "one tear in photo 2"."""
    words = list(groups[count.group])
    at = next((at for at, word in enumerate(words) if word.term.text == count.word), 0)
    counted = next((m for m in found if m.group == count.group and m.at > at), None)
    if counted is None or counted.said is not Polarity.STATED:
        return count.number == 1
    photos = {value for word in words for value in numbers.photos.get(id(word), frozenset())}
    there = [wear for wear in _of(counted, marks) if not photos or str(wear.photo) in photos]
    return len(there) >= count.number if count.least else len(there) == count.number or not there
