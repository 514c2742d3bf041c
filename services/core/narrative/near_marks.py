"""What the words near marks say of them: one more, one of several, of a severity that is left open."""

from collections.abc import Collection, Sequence
from itertools import pairwise

from services.core.domain.assessment import Assessment
from services.core.domain.report import Wear
from services.core.narrative.clauses import Group, Polarity
from services.core.narrative.counts import Count, Numbers
from services.core.narrative.details import Detail, shows
from services.core.narrative.mentions import Mention
from services.core.narrative.senses import Role, Sense

_LOOKS = frozenset({"look", "glance", "zoom", "see", "check"})


def is_another(mention: Mention, groups: Sequence[Group]) -> bool:
    """Whether the mark is said to be one more: "another chip"."""
    words = list(groups[mention.group])[max(0, mention.at - 2) : mention.at]
    # "In another photo, scratched" is no other scratch.
    other = any(word.term.has(Role.OTHER) and not word.term.has(Role.BREAK) for word in words)
    return other and not any(word.term.has(Role.PHOTO) for word in words) and not mention.excepted


def least_of(mention: Mention, groups: Sequence[Group]) -> int:
    """How many marks a plural is of at least: two, but one in "one of its seams is open"."""
    words = [word.term for word in groups[mention.group]]
    before = words[max(0, mention.at - 3) : mention.at]
    one = any(a.text == "one" and b.has(Role.OUT_OF) for a, b in pairwise(before))
    return 1 if one and words[mention.at].has(Role.PART) else 2


def asks_degree(mention: Mention, groups: Sequence[Group], of: Sequence[Wear]) -> bool:
    """Whether the severity of a mark on record is left open: "how severe the chip is was not stated"."""
    words = [word.term for word in list(groups[mention.group])[: mention.at]]
    how = any(a.text == "how" and b.has(Role.SEVERITY) for a, b in pairwise(words))
    return how and bool(of) and all(wear.severity is None for wear in of)


def points_at(found: Sequence[Detail], groups: Sequence[Group], marks: Sequence[Wear]) -> bool:
    """Whether a reader is sent to where a mark is: "have a look at the top left of photo 2"."""
    named = (Role.KIND, Role.MATERIAL, Role.COLOUR, Role.PATTERN, Role.REFERRING)
    words = [word.term for group in groups for word in group if not word.term.has(Role.PHOTO)]
    looks = any(
        term.text.split()[-1] in _LOOKS or term.text.startswith(("look", "zoom", "have a", "take a"))
        for term in words
    )
    if not looks or any(term.has(*named) for term in words):
        return False
    return any(all(shows(wear, detail) for detail in found) for wear in marks)


def without_marks(mention: Mention, groups: Sequence[Group], numbers: Numbers, seen: Assessment) -> bool:
    """Whether it is photos without a mark that show none: "photo 4 shows no marks"."""
    words = list(groups[mention.group])
    photos = {value for word in words for value in numbers.photos.get(id(word), frozenset())}
    exist = all(1 <= int(value) <= seen.photos for value in photos)
    shown = {str(wear.photo) for wear in seen.condition.wear}
    return bool(photos) and exist and photos.isdisjoint(shown) and words[0].term.has(Role.PHOTO)


def lists_marks(number: int, mentions: Sequence[Mention]) -> bool:
    """Whether so many marks are named: "two things to know: it has faded, and a seam is open"."""
    named = [mention for mention in mentions if not mention.general]
    alike = len({mention.said for mention in named}) == 1
    return alike and len(named) == number == len({mention.tags for mention in named})


def counts_marks(count: Count, groups: Sequence[Group], numbers: Numbers, marks: Sequence[Wear]) -> bool:
    """Whether there are as many marks, on the photos that are named with the number."""
    photos = {value for word in groups[count.group] for value in numbers.photos.get(id(word), frozenset())}
    there = [wear for wear in marks if not photos or str(wear.photo) in photos]
    return len(there) >= count.number if count.least else len(there) == count.number


def names_unclear(mentions: Sequence[Mention], unclear: frozenset[str]) -> bool:
    """Whether all that is unclear is named: "mould is the one thing that we could not judge"."""
    left = [m for m in mentions if m.said is Polarity.UNJUDGED and not m.general]
    return bool(left) and unclear <= {tag for mention in left for tag in mention.tags}


def has_one(marks: Sequence[Wear], severity: Collection[Sense]) -> bool:
    """Whether exactly one mark has a severity: "the tear is the severe one"."""
    values = {sense.value for sense in severity if sense.role is Role.SEVERITY}
    return sum(wear.severity is not None and wear.severity.value in values for wear in marks) == 1
