"""Whether "only" says a number that is exact, rather than that there is no other mark."""

from collections.abc import Sequence

from services.core.domain.assessment import Assessment
from services.core.narrative.clauses import Group, Word
from services.core.narrative.counts import Numbers
from services.core.narrative.senses import Role


def is_exact(
    words: Sequence[Word],
    at: int,
    groups: Sequence[Group],
    numbers: Numbers,
    seen: Assessment,
    *,
    named: bool,
) -> bool:
    """Whether "only" is of a number: "only two photos", "8 out of 10, no more"; `named`: wear is named."""
    after = words[at + 1 : at + 3]
    if any(id(word) in numbers.exact for word in after):
        return True
    own = next(each.words for group in groups for each in group.segments if words[at] in each.words)
    after = [word for word in after if any(word is other for other in own)]
    # "It is only minor", but not "only minor scratches".
    if after and after[0].term.has(Role.SEVERITY):
        return len(after) == 1 or after[1].term.has(Role.AWAY)
    if after and after[0].term.has(Role.PHOTO):
        return seen.photos == 1
    exact = any(count.of in ("photos", "score") and not count.least for count in numbers.counts)
    return not after and exact and not named
