"""Denials without wear, "nothing was found", what they except, and questions about wear taken to be there."""

from collections.abc import Collection

from services.core.narrative.clauses import Group, Segment, names_wear
from services.core.narrative.mentions import Mention
from services.core.narrative.senses import Role, Term

_IDENTIFIED = frozenset(f"{be} identifié{end}" for be in ("être", "été") for end in ("", "e", "s", "es"))
_THAN = frozenset({"que", "qu'"})
_DEFINITE = frozenset({"the", "its", "these", "their", "this", "those"})


def denies_seeing(group: Group, opens: Collection[str]) -> bool:
    """Whether a negation is one of seeing: "nothing was found", but not "none like this".

    `opens` are the ordinary words of such a denial; none: any may stand in it.
    """
    if not group.has(Role.NOTHING, Role.NO):
        return False
    return not opens or all(_is_of_seeing(word.term, frozenset(opens)) for word in group)


def _is_of_seeing(term: Term, opens: frozenset[str]) -> bool:
    known = term.text in opens or opens.issuperset(term.text.split()) or term.text.isdecimal()
    return known or not term.has(Role.ORDINARY, Role.PART, Role.SEVERITY)


def asks_of_known(mention: Mention, group: Group) -> bool:
    """Whether a question takes wear to be there: "do you see the cracks in photo 1?"."""
    before = list(group)[max(0, mention.at - 1) : mention.at]
    return group.ends == "?" and any(word.term.text in _DEFINITE for word in before)


def is_judging(segment: Segment) -> bool:
    """Whether a segment speaks of judging; « aucun défaut n'a été identifié » says that none was found."""
    none = False
    denied = False
    for word in segment.words:
        if word.term.has(Role.JUDGING) and not (denied and word.term.text in _IDENTIFIED):
            return True
        none = none or word.term.has(Role.NO)
        denied = denied or (none and names_wear(word))
    return False


def is_than(segment: Segment, at: int) -> bool:
    """Whether what follows is excepted: « pas d'autre défaut que cette rayure »."""
    if segment.words[at].term.text not in _THAN:
        return False
    wear = next((n for n in range(at - 1, -1, -1) if names_wear(segment.words[n])), None)
    before = segment.words[max(0, (wear or 0) - 2) : wear]
    return wear is not None and any(word.term.has(Role.OTHER) for word in before)
