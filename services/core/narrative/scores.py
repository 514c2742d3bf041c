"""What a sentence says of the score and of other counts, and what it leaves open that no assessment tells."""

from collections.abc import Iterator, Sequence

from services.core.domain.assessment import Assessment
from services.core.narrative.clauses import Group, Word
from services.core.narrative.counts import FULL, Count
from services.core.narrative.facts import FactId, Facts
from services.core.narrative.senses import Role, Rule, Violation

_COUNTED: dict[str, FactId] = {
    "score": "grade",
    "points lost": "grade",
    "other score": "grade",
    "photos": "photos",
}
_PRODUCT = (Role.KIND, Role.MATERIAL, Role.COLOUR, Role.PATTERN, Role.GRADE)


def count_violations(counts: Sequence[Count], facts: Facts, *, names_all: bool) -> Iterator[Violation]:
    """The numbers that are not those of the assessment; `names_all`: the sentence names all marks."""
    seen = facts.assessment
    score = seen.condition.score
    for count in counts:
        match count.of:
            case "score" if count.number != score:
                yield Violation(Rule.GRADE, count.word)
            case "other score" if score is None or count.number == score:
                yield Violation(Rule.GRADE, count.word)
            case "points lost" if score is None or score + count.number != FULL or not names_all:
                yield Violation(Rule.GRADE, count.word)
            case "open" if not _is_open(count, len(facts.unclear)):
                yield Violation(Rule.JUDGE, count.word)
            case "photos":
                exact = count.number == seen.photos
                if not (2 <= count.number <= seen.photos if count.least else exact):
                    yield Violation(Rule.PHOTO, count.word)
            case "pair":
                kind = seen.goods.kind
                pair = kind is not None and (kind.pair is not None or kind.noun.plural)
                if not (pair and count.number == 2 and count.least):
                    yield Violation(Rule.COUNT, count.word)
            case "unknown":
                yield Violation(Rule.NUMBER, count.word)


def _is_open(count: Count, unclear: int) -> bool:
    """Whether so many questions are open, "a few", "two"."""
    return count.number <= unclear if count.least else count.number == unclear


def facts_counted(counts: Sequence[Count]) -> set[FactId]:
    """The facts that the numbers of a sentence state."""
    return {_COUNTED[count.of] for count in counts if count.of in _COUNTED}


def deducts(groups: Sequence[Group], seen: Assessment) -> bool:
    """Whether "lost" and "cost" are said of points, and some are lacking."""
    return any(group.has(Role.POINTS) for group in groups) and (seen.condition.score or FULL) < FULL


def says_full_score(*, denied: bool, seen: Assessment) -> bool:
    """Whether "full marks", or their denial, is true."""
    score = seen.condition.score
    return score is not None and (score < FULL if denied else score == FULL)


def is_left_open(word: Word, group: Group, role: Role) -> bool:
    """Whether what no assessment tells is said to be unknown: "the age is unclear", "whether it works".

    A word that describes goods must follow "whether" in its segment: "the working zip could not be judged".
    """
    if not group.unjudged:
        return False
    own = next(each.words for each in group.segments if any(other is word for other in each.words))
    at = next(number for number, other in enumerate(own) if other is word)
    if any(other.term.has(*_PRODUCT, Role.PART) for other in own[at + 1 : at + 2]):
        return False
    return role is Role.UNTOLD or any(other.term.has(Role.WHETHER) for other in own[:at])
