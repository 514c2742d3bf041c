"""What words of a sentence claim together, held against the assessment: "given to me"."""

from collections.abc import Iterator, Sequence

from services.core.domain.assessment import Assessment
from services.core.narrative.clauses import Group
from services.core.narrative.lexicon import Lexicon
from services.core.narrative.near_marks import has_one
from services.core.narrative.senses import Role, Rule, Term, Violation
from services.core.narrative.wear_check import WearCheck


def combined_claims(
    terms: Sequence[Term], groups: Sequence[Group], wear: WearCheck, lexicon: Lexicon
) -> Iterator[Violation]:
    """The combinations that are false of the assessment."""
    for claims, words in lexicon.combinations.found(terms):
        if claims == "shared_severity":
            # "The scratch is minor, and so is the tear."
            if not wear.shares_severity:
                yield Violation(Rule.SEVERITY, words)
        elif claims == "unique_severity":
            if not has_one(wear.seen.condition.wear, lexicon.senses_of(tuple(words.split()[2:-1]))):
                yield Violation(Rule.SEVERITY, words)
        elif claims == "judged":
            if wear.seen.condition.status != "assessed":
                yield Violation(Rule.JUDGE, words)
        # "Its flaw is a chip" is true where the chip is the only mark.
        elif claims != Rule.ONLY or not wear.names_all:
            yield Violation(Rule(claims), words)
    yield from _judged(groups, wear.seen)


def _judged(groups: Sequence[Group], seen: Assessment) -> Iterator[Violation]:
    """A condition that nothing judged is said to be: "its condition is known"."""
    for group in groups if seen.condition.status != "assessed" else ():
        places = {word.term.text: at for at, word in enumerate(group)}
        at = places.get("condition")
        if at is None or group.unjudged or group.denied or "for" in places:
            continue
        if any(word.term.has(Role.VERB) for word in list(group)[at + 1 : at + 3]):
            yield Violation(Rule.JUDGE, "condition")
