"""Denials without wear, "nothing was found", and questions about wear that is taken to be there."""

from collections.abc import Collection

from services.core.narrative.clauses import Group
from services.core.narrative.mentions import Mention
from services.core.narrative.senses import Role, Term

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
